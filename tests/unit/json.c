/* The JSON writer. */
#include "formats/report/json.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

Suite *suite_json(void);

static void expect_string(const char *value, const char *wanted) {
  Text text = {0};
  Json json;
  json_begin(&json, &text);
  json_string(&json, NULL, value);
  ck_assert_str_eq(text.bytes, wanted);
  text_free(&text);
}

static void expect_double(double value, const char *wanted) {
  Text text = {0};
  Json json;
  json_begin(&json, &text);
  json_double(&json, NULL, value);
  ck_assert_str_eq(text.bytes, wanted);
  text_free(&text);
}

START_TEST(strings_are_escaped) {
  expect_string("plain", "\"plain\"");
  expect_string("a\"b\\c\n\t\r\x01\x7f", "\"a\\\"b\\\\c\\n\\t\\u000d\\u0001\x7f\"");
  expect_string("", "\"\"");
  expect_string(NULL, "null");
}
END_TEST

START_TEST(utf8_passes_and_the_rest_is_replaced) {
  expect_string("\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80", "\"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80\"");
  expect_string("a\xff"
                "b",
                "\"a\\ufffdb\"");
  expect_string("\xc3", "\"\\ufffd\"");                                  /* cut off */
  expect_string("\xe2\x82", "\"\\ufffd\\ufffd\"");                       /* cut off */
  expect_string("\xc0\xaf", "\"\\ufffd\\ufffd\"");                       /* overlong */
  expect_string("\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"");            /* surrogate */
  expect_string("\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\""); /* beyond U+10FFFF */
}
END_TEST

START_TEST(numbers_are_short_and_exact) {
  expect_double(0, "0");
  expect_double(0.1, "0.1");
  expect_double(1.0 / 3, "0.3333333333333333");
  expect_double(-2.5e-8, "-2.5e-08");
  expect_double(5e-324, "5e-324");
  expect_double((double)NAN, "null");
  expect_double(-(double)INFINITY, "null");
  Random random = {1};
  for (int i = 0; i < 1000; i++) {
    Text text = {0};
    Json json;
    double value = random_normal(&random) * pow(10, (double)random_below(&random, 40) - 20);
    json_begin(&json, &text);
    json_double(&json, NULL, value);
    ck_assert(strtod(text.bytes, NULL) == value);
    text_free(&text);
  }
}
END_TEST

START_TEST(a_document) {
  Text text = {0};
  Json json;
  json_begin(&json, &text);
  json_object_begin(&json, NULL);
  json_int(&json, "int", INT64_MIN);
  json_float(&json, "float", 0.1f);
  json_float(&json, "none", NAN);
  json_bool(&json, "yes", true);
  json_null(&json, "null");
  json_object_begin(&json, "empty");
  json_object_end(&json);
  json_array_begin(&json, "list");
  json_string(&json, NULL, "a");
  json_object_begin(&json, NULL);
  json_numbers(&json, "numbers", (const double[]){1, 0.5}, 2);
  json_ints(&json, "ints", (const int64_t[]){1, -2}, 2);
  json_object_end(&json);
  json_array_end(&json);
  json_object_end(&json);
  json_end(&json);
  ck_assert_str_eq(text.bytes, "{\n"
                               "  \"int\": -9223372036854775808,\n"
                               "  \"float\": 0.1,\n"
                               "  \"none\": null,\n"
                               "  \"yes\": true,\n"
                               "  \"null\": null,\n"
                               "  \"empty\": {},\n"
                               "  \"list\": [\n"
                               "    \"a\",\n"
                               "    {\n"
                               "      \"numbers\": [1, 0.5],\n"
                               "      \"ints\": [1, -2]\n"
                               "    }\n"
                               "  ]\n"
                               "}\n");
  text_free(&text);
}
END_TEST

Suite *suite_json(void) {
  Suite *suite = suite_create("json");
  TCase *tests = tcase_create("json");
  tcase_add_test(tests, strings_are_escaped);
  tcase_add_test(tests, utf8_passes_and_the_rest_is_replaced);
  tcase_add_test(tests, numbers_are_short_and_exact);
  tcase_add_test(tests, a_document);
  suite_add_tcase(suite, tests);
  return suite;
}
