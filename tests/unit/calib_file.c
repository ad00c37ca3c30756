/* .calib files: read and written without a change, merged to the whole, refused with a clear line. */
#include "quantize/calib_file.h"
#include "tests/support/graph_maker.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Suite *suite_calib_file(void);

#define SAMPLES 12
#define PER_SAMPLE 300

static Maker m;
static Value *x, *r;
static Error err;

static void begin(void) {
  m = maker_new(17);
  x = make_input(&m, "x", SHAPE(1, 4));
  r = make_node(&m, "Relu", "a name\twith\\bytes ", (Value *[]){x}, 1);
  make_output(&m, make_node(&m, "MatMul", "y", (Value *[]){r, make_constant(&m, "w", SHAPE(4, 2))}, 2));
  maker_finish(&m);
  err = (Error){0};
}

static void end(void) {
  graph_free(m.graph);
}

/* What samples from..to-1 do to the three tensors: later samples have larger values. */
static CalibFile seen(int from, int to) {
  static const uint16_t weights[] = {1, 300, HISTOGRAM_WEIGHT_MOST};
  const HistogramWeights channels = {PER_SAMPLE / 6, 3, 2, weights};
  Bins bins[16] = {0};
  Calibration calibration = {0};
  float values[PER_SAMPLE], clamped[PER_SAMPLE];
  for (int v = 0; v < m.graph->value_count; v++)
    if (m.graph->values[v]->constant == NULL)
      bins[v] = m.graph->values[v] == x ? BINS_WEIGHTED : BINS_COUNTED;
  ck_assert_int_eq(calibration_reserve(&calibration, bins, m.graph->value_count, &err), OK);
  for (int s = from; s < to; s++) {
    Random random = {(uint64_t)s + 1};
    for (int i = 0; i < PER_SAMPLE; i++) {
      values[i] = (float)(random_normal(&random) * (s + 1));
      clamped[i] = values[i] > 0 ? values[i] : -0.0f * (float)(s % 2);
    }
    histogram_add(&calibration.histograms[x->index], values, PER_SAMPLE);
    histogram_add_weighted(&calibration.histograms[x->index], values, &channels);
    histogram_add(&calibration.histograms[r->index], clamped, PER_SAMPLE);
    histogram_add(&calibration.histograms[m.graph->outputs[0]->index], values, 2);
  }
  CalibSource source = {.model_crc = 0x1234abcd,
                        .model_bytes = 77,
                        .data_crc = 5,
                        .data_bytes = 99,
                        .setup = "scale 1",
                        .total = SAMPLES,
                        .from = from,
                        .to = to};
  CalibFile file;
  ck_assert_int_eq(calib_from(&file, m.graph, &calibration, &source, &err), OK);
  file.path = "made";
  calibration_release(&calibration);
  return file;
}

static Text text_of(const CalibFile *file) {
  Text text = {0};
  calib_write(file, &text);
  ck_assert(!text.failed);
  return text;
}

static Status parse(CalibFile *file, const Text *text) {
  return calib_parse(file, "t.calib", text->bytes, text->length, &err);
}

/* A copy of `text` with the first `from` replaced. */
static Text replaced(const Text *text, const char *from, const char *to) {
  Text result = {0};
  const char *at = strstr(text->bytes, from);
  ck_assert_msg(at != NULL, "there is no '%s' in\n%s", from, text->bytes);
  text_add_bytes(&result, text->bytes, (size_t)(at - text->bytes));
  text_add(&result, "%s%s", to, at + strlen(from));
  return result;
}

START_TEST(read_and_written_again) {
  CalibFile file = seen(0, SAMPLES), again;
  Text text = text_of(&file);
  ck_assert_msg(parse(&again, &text) == OK, "%s", err.text);
  Text second = text_of(&again);
  ck_assert_str_eq(text.bytes, second.bytes);
  ck_assert_int_eq(again.count, 3);
  ck_assert_str_eq(again.tensors[1].name, r->name);
  ck_assert(again.tensors[0].seen.low == file.tensors[0].seen.low);
  ck_assert(again.tensors[0].seen.high == file.tensors[0].seen.high);
  text_free(&text);
  text_free(&second);
  calib_free(&file);
  calib_free(&again);
}
END_TEST

/* Lines ended by CR LF, blanks, remarks: an editor may leave them. */
START_TEST(edited_text_is_read) {
  CalibFile file = seen(0, SAMPLES), again;
  Text text = text_of(&file);
  Text edited = replaced(&text, "tensor x\n", "  tensor x \r\n# a remark\n\n range -2.5   2.5\r\n");
  ck_assert_msg(parse(&again, &edited) == OK, "%s", err.text);
  ck_assert(again.tensors[0].range.given && again.tensors[0].range.low == -2.5);
  ck_assert(again.tensors[0].range.high == 2.5 && !again.tensors[1].range.given);
  text_free(&text);
  text_free(&edited);
  calib_free(&file);
  calib_free(&again);
}
END_TEST

START_TEST(a_given_range_wins) {
  CalibFile file = seen(0, SAMPLES);
  Calibration *calibration;
  QuantizeReport report;
  QuantizeOptions options = quantize_defaults();
  file.tensors[0].range = (GivenRange){true, -1.5, 6.25};
  ck_assert_msg(calibration_from_file(&calibration, &file, m.graph, &err) == OK, "%s", err.text);
  ck_assert_msg(quantize_graph(m.graph, calibration, &options, &report, &err) == OK, "%s", err.text);
  ck_assert(x->spec->low == -1.5 && x->spec->high == 6.25);
  ck_assert(r->spec->low == 0 && r->spec->high > 10);
  TensorDamage damage;
  ck_assert(calibration_damage(calibration, x, &damage));
  ck_assert_msg(damage.clipped > 0.1 && damage.sqnr < 20, "%g, %g dB", damage.clipped, damage.sqnr);
  calibration_free(calibration);
  calib_free(&file);
}
END_TEST

/* ---- shards ---- */

START_TEST(shards_merge_to_the_whole) {
  static const int orders[][3] = {{0, 1, 2}, {2, 1, 0}, {1, 2, 0}};
  CalibFile whole = seen(0, SAMPLES), parts[] = {seen(0, 1), seen(1, 7), seen(7, SAMPLES)}, merged;
  Text expected = text_of(&whole);
  for (int o = 0; o < 3; o++) {
    CalibFile files[] = {parts[orders[o][0]], parts[orders[o][1]], parts[orders[o][2]]};
    ck_assert_msg(calib_merge(&merged, files, 3, &err) == OK, "%s", err.text);
    Text text = text_of(&merged);
    ck_assert_str_eq(text.bytes, expected.bytes);
    text_free(&text);
    calib_free(&merged);
  }
  text_free(&expected);
  calib_free(&whole);
  for (int p = 0; p < 3; p++) calib_free(&parts[p]);
}
END_TEST

static void refuse_merge(CalibFile a, CalibFile b, const char *pattern) {
  CalibFile files[] = {a, b}, merged;
  files[0].path = "a";
  files[1].path = "b";
  ck_assert_int_eq(calib_merge(&merged, files, 2, &err), BAD_INPUT);
  ck_assert_msg(text_matches(pattern, err.text), "%s", err.text);
  calib_free(&merged);
  calib_free(&files[0]);
  calib_free(&files[1]);
}

START_TEST(wrong_shards_are_refused) {
  refuse_merge(seen(0, 4), seen(3, SAMPLES), "a and b overlap: both have seen sample 3");
  refuse_merge(seen(0, 6), seen(0, SAMPLES), "* overlap: both have seen sample 0");
  refuse_merge(seen(0, 4), seen(5, SAMPLES), "*no file has seen samples 4..4 of 0..11");
  refuse_merge(seen(1, 4), seen(4, SAMPLES), "*no file has seen samples 0..0 of 0..11");
  refuse_merge(seen(0, 4), seen(4, 9), "*no file has seen samples 9..11 of 0..11");
  CalibFile foreign = seen(4, SAMPLES);
  foreign.source.model_crc++;
  refuse_merge(seen(0, 4), foreign, "a and b are no shards of one calibration: *different models");
  foreign = seen(4, SAMPLES);
  foreign.source.data_bytes++;
  refuse_merge(seen(0, 4), foreign, "*different data");
  foreign = seen(4, SAMPLES);
  foreign.source.setup = "scale 2";
  refuse_merge(seen(0, 4), foreign, "*'setup' lines differ");
  foreign = seen(4, SAMPLES);
  foreign.source.total++;
  refuse_merge(seen(0, 4), foreign, "*different numbers of samples");
  foreign = seen(4, SAMPLES);
  foreign.tensors[2].name = "z";
  refuse_merge(seen(0, 4), foreign, "*different tensors");
  CalibFile edited = seen(0, 4);
  edited.tensors[0].range = (GivenRange){true, -1, 1};
  foreign = seen(4, SAMPLES);
  foreign.tensors[0].range = (GivenRange){true, -1, 2};
  refuse_merge(edited, foreign, "b: tensor 'x': another shard sets another range");
}
END_TEST

START_TEST(a_part_or_another_model_is_refused) {
  CalibFile part = seen(0, 4);
  ck_assert_int_eq(calib_check_whole(&part, &err), BAD_INPUT);
  ck_assert_msg(text_matches("made: has seen only samples 0..3 of 0..11; merge *", err.text), "%s", err.text);
  ck_assert_int_eq(calib_check_model(&part, "m.onnx", 0x1234abcd, 77, &err), OK);
  ck_assert_int_eq(calib_check_model(&part, "m.onnx", 0x1234abce, 77, &err), BAD_INPUT);
  ck_assert_msg(text_matches("made: is of another model *than m.onnx*", err.text), "%s", err.text);
  Calibration *calibration;
  part.tensors[1].name = "elsewhere";
  ck_assert_int_eq(calibration_from_file(&calibration, &part, m.graph, &err), BAD_INPUT);
  ck_assert_ptr_null(calibration);
  ck_assert_msg(text_matches("made: the model's tensor *is not in it*", err.text), "%s", err.text);
  part.tensors[1].name = "x";
  ck_assert_int_eq(calibration_from_file(&calibration, &part, m.graph, &err), BAD_INPUT);
  ck_assert_msg(text_matches("made: tensor 'x' is there twice", err.text), "%s", err.text);
  calib_free(&part);
}
END_TEST

/* ---- damaged files ---- */

static const struct {
  const char *from, *to, *message;
} damages[] = {
    {"edgec calibration 1", "edgec calibration 2", "t.calib: is no .calib file*"},
    {"model crc32 1234abcd", "model crc32 1234abc", "t.calib: line 5: 'model crc32 *should stand here"},
    {"model crc32", "model crc16", "t.calib: line 5: *"},
    {"data crc32 00000005 bytes 99", "data crc32 00000005 bytes -9", "t.calib: line 6: 'data crc32 *"},
    {"setup", "stup", "t.calib: line 7: 'setup ...' should stand here"},
    {"samples 0..12 of 12", "samples 0..13 of 12", "t.calib: line 8: 'samples *"},
    {"samples 0..12 of 12", "samples 5..5 of 12", "t.calib: line 8: 'samples *"},
    {"samples 0..12 of 12", "samples 0..99999999999999999999 of 12", "t.calib: line 8: 'samples *"},
    {"tensor x\n", "tensor\n\n", "t.calib: line 10: there should be more *"},
    {"tensor x\n", "tensro x\n", "t.calib: line 10: 'tensor NAME' should stand here"},
    {"\\x09", "\\x0", "t.calib: line *: a name has a byte *"},
    {"\\x09", "\\x00", "t.calib: line *: a name has a byte *"},
    {"values 3600", "values 3601", "t.calib: tensor 'x': its counts do not add up*"},
    {"values 3600", "values 9999999999999999999", "t.calib: line 11: the number *"},
    {"values 3600", "values 3600 1", "t.calib: line 11: the number *"},
    {"values 3600", "values 0", "t.calib: tensor 'x': lines are missing or too many"},
    {"values 3600\n", "", "t.calib: tensor 'x': lines are missing or too many"},
    {"values 3600\n", "values 3600\nvalues 3600\n", "t.calib: line 12: this is given twice*"},
    {"values 3600\n", "values 3600\nrange 2 1\n", "t.calib: line 12: 'range LOW HIGH' *"},
    {"values 3600\n", "values 3600\nrange nan 1\n", "t.calib: line 12: 'range LOW HIGH' *"},
    {"values 3600\n", "values 3600\nwidth 3\n", "t.calib: line 12: is none of*"},
    {"zeros 0", "zeros 3600", "t.calib: tensor 'x': it has more zeros *"},
    {"low -", "low -1e39", "t.calib: line 13: the number *"},
    {"low -", "low 9", "t.calib: tensor 'x': its *"},
    {"exponent -", "exponent ", "t.calib: tensor 'x': its bins are not those of its range"},
    {"exponent -", "exponent -99999", "t.calib: line 15: the number *"},
    {"first -", "first ", "t.calib: tensor 'x': its bins are not those of its range"},
    {"@0 1", "@-1 1", "t.calib: line 17: bins must follow *"},
    {"@0 1", "@3000 1", "t.calib: line 17: there are not so many bins"},
    {"@0 1", "@0 x", "t.calib: line 17: a count *"},
    {"@0 1", "@1000 1", "t.calib: line *: bins must follow *"},
};

START_TEST(damaged_text_is_refused) {
  CalibFile file = seen(0, SAMPLES), again;
  Text text = text_of(&file), damaged = replaced(&text, damages[_i].from, damages[_i].to);
  ck_assert_int_eq(parse(&again, &damaged), BAD_INPUT);
  ck_assert_msg(text_matches(damages[_i].message, err.text), "'%s' to '%s': %s", damages[_i].from,
                damages[_i].to, err.text);
  calib_free(&again);
  calib_free(&file);
  text_free(&text);
  text_free(&damaged);
}
END_TEST

/* Every beginning of a file is either refused or, where a tensor ends, a file with fewer tensors. */
START_TEST(truncated_text_is_refused) {
  CalibFile file = seen(0, SAMPLES), again;
  Text text = text_of(&file);
  for (size_t length = 0; length < text.length; length += 1 + length / 40) {
    Status status = calib_parse(&again, "t.calib", text.bytes, length, &err);
    ck_assert(status == BAD_INPUT || (status == OK && again.count < file.count) || length + 8 > text.length);
    calib_free(&again);
  }
  text_free(&text);
  calib_free(&file);
}
END_TEST

Suite *suite_calib_file(void) {
  Suite *suite = suite_create("calib_file");
  TCase *tests = tcase_create("files");
  tcase_add_checked_fixture(tests, begin, end);
  tcase_add_test(tests, read_and_written_again);
  tcase_add_test(tests, edited_text_is_read);
  tcase_add_test(tests, a_given_range_wins);
  tcase_add_test(tests, shards_merge_to_the_whole);
  tcase_add_test(tests, wrong_shards_are_refused);
  tcase_add_test(tests, a_part_or_another_model_is_refused);
  tcase_add_loop_test(tests, damaged_text_is_refused, 0, (int)(sizeof damages / sizeof damages[0]));
  tcase_add_test(tests, truncated_text_is_refused);
  suite_add_tcase(suite, tests);
  return suite;
}
