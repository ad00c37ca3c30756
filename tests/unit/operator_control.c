/* If, Loop and Scan: what vectors do not show of bodies, and what is refused. */
#include "tests/support/result_case.h"

#include <check.h>

Suite *suite_operator_control(void);

static const ResultCase result_cases[] = {
    {"If", "bool[]{true}", "then_branch=(|a=Not(x0)|a) else_branch=(|a=Identity(x0)|a)", "bool[]{false}", 0},
    {"If", "bool[]{false}", "then_branch=(|a=Not(x0)|a) else_branch=(|a=Identity(x0)|x0)", "bool[]{false}",
     0},
    {"If", "bool[1]{true}",
     "then_branch=(|a=Shape(x0);b=Add(a,a)|a,b) else_branch=(|a=Shape(x0)|a,a) outputs=2", "i64{2}", 1},
    {"Loop", "i64[]{5}, bool[]{true}, i64[]{1}",
     "body=(i:i64[],c:bool[],x:i64[]|y=Add(x,x);k=Less(y,x0)|k,y) outputs=1", "i64[]{8}", 0},
    {"Loop", "i64[]{5}, bool[]{true}, i64[]{1}",
     "body=(i:i64[],c:bool[],x:i64[]|y=Add(x,x);k=Less(y,x0)|k,y,i) outputs=2", "i64{0,1,2}", 1},
    {"Loop", "i64[]{0}, bool[]{true}, i64[]{1}", "body=(i:i64[],c:bool[],x:i64[]|y=Add(x,x)|c,y,i) outputs=2",
     "i64[]{1}", 0},
    {"Loop", "i64[]{0}, bool[]{true}, i64[]{1}", "body=(i:i64[],c:bool[],x:i64[]|y=Add(x,x)|c,y,i) outputs=2",
     "i64[0]", 1},
    {"Loop", "i64[]{3}, bool[]{false}, i64[]{1}", "body=(i:i64[],c:bool[],x:i64[]|y=Add(x,x)|c,y) outputs=1",
     "i64[]{1}", 0},
    {"Loop", "-, bool[]{true}, i64[]{1}",
     "body=(i:i64[],c:bool[],x:i64[]|y=Add(x,x);k=Less(i,x2)|k,y) outputs=1", "i64[]{4}", 0},
    {"Loop", "i64[]{3}, -, i64[]{1}, i64[]{2}",
     "body=(i:i64[],c:bool[],x:i64[],y:i64[]|k=Identity(c)|k,y,x) outputs=2", "i64[]{2}", 0},
    {"Loop", "i64[]{3}, -, i64[]{1}, i64[]{2}",
     "body=(i:i64[],c:bool[],x:i64[],y:i64[]|k=Identity(c)|k,y,x) outputs=2", "i64[]{1}", 1},
    {"Loop", "i64[]{3}, -, i64[1]{0}", "body=(i:i64[],c:bool[],x:i64[1]|y=Unsqueeze(x,x2)|c,y) outputs=1",
     "i64[1,1,1,1]{0}", 0},
    {"Scan", "f32[1]{1}, f32[3,1]{1,2,3}",
     "body=(s:f32[1],x:f32[1]|t=Add(s,x)|t,t) num_scan_inputs=1 outputs=2", "f32[3,1]{2,4,7}", 1},
    {"Scan", "f32[1]{1}, f32[3,1]{1,2,3}",
     "body=(s:f32[1],x:f32[1]|t=Add(s,x)|t,t) num_scan_inputs=1 scan_input_directions=[1] "
     "scan_output_directions=[1] outputs=2",
     "f32[3,1]{7,6,4}", 1},
    {"Scan", "f32[2,3]{1,2,3,4,5,6}",
     "body=(x:f32[2]|y=Neg(x)|y) num_scan_inputs=1 scan_input_axes=[1] scan_output_axes=[0] outputs=1",
     "f32[3,2]{-1,-4,-2,-5,-3,-6}", 0},
    {"Scan", "f32[1]{5}, f32[0,1]", "body=(s:f32[1],x:f32[1]|t=Add(s,x)|t,t) num_scan_inputs=1 outputs=2",
     "f32[0,1]", 1},
    {"Scan", "i64{1,2}, f32[2,1]{0,10}, f32[2,2,1]{1,2,3,4}",
     "body=(s:f32[1],x:f32[1]|t=Add(s,x)|t,t) num_scan_inputs=1 outputs=2 opset=8", "f32[2,2,1]{1,0,13,17}",
     1},
    {"Scan", "i64{1,2}, f32[2,1]{0,10}, f32[2,2,1]{1,2,3,4}",
     "body=(s:f32[1],x:f32[1]|t=Add(s,x)|t,t) num_scan_inputs=1 outputs=2 opset=8", "f32[2,1]{1,17}", 0},
};

START_TEST(results_are_right) {
  check_result(&result_cases[_i], NODE_PLAIN);
  check_result(&result_cases[_i], NODE_FAST);
}
END_TEST

static const RefusedCase refused_cases[] = {
    {"If", "bool[]{true}", "then_branch=(x:f32[]|a=Neg(x)|a) else_branch=(|a=Identity(x0)|a)",
     "1 inputs instead of 0"},
    {"If", "bool[]{true}", "then_branch=(|a=Not(x0)|a) else_branch=(|a=Not(x0)|a) outputs=2",
     "1 outputs, at least 2"},
    {"If", "bool[2]", "then_branch=(|a=Not(x0)|a) else_branch=(|a=Not(x0)|a)", "2 elements"},
    {"Loop", "i64[]{3}, bool[]{true}, f32[2]", "body=(i:i64[]|j=Identity(i)|j) outputs=1",
     "inputs instead of 3"},
    {"Loop", "i64[2]{3,4}, bool[]{true}, f32[2]", "body=(i:i64[],c:bool[],x:f32[2]|y=Neg(x)|c,y) outputs=1",
     "one element"},
    {"Loop", "-, -, f32[2]", "body=(i:i64[],c:bool[],x:f32[2]|y=Reshape(x,i)|c,y) outputs=1", "Reshape"},
    {"Scan", "f32[1], f32[3,1]", "body=(s:f32[1],x:f32[1]|t=Add(s,x)|t,t) num_scan_inputs=3 outputs=2",
     "num_scan_inputs is 3"},
    {"Scan", "f32[2,1], f32[3,1]", "body=(s:f32[1],x:f32[1]|t=Add(s,x)|t) num_scan_inputs=2 outputs=1",
     "different lengths"},
    {"Scan", "f32[3,1]", "body=(x:f32[1]|t=Neg(x)|t) num_scan_inputs=1 scan_output_axes=[4] outputs=1",
     "axis 4"},
    {"Scan", "i64{3}, f32[1,1], f32[1,2,1]",
     "body=(s:f32[1],x:f32[1]|t=Add(s,x)|t,t) num_scan_inputs=1 outputs=2 opset=8", "length of 3"},
};

START_TEST(misfits_are_refused) {
  check_refused(&refused_cases[_i]);
}
END_TEST

#define COUNT(cases) ((int)(sizeof(cases) / sizeof *(cases)))

Suite *suite_operator_control(void) {
  Suite *suite = suite_create("operator_control");
  TCase *tests = tcase_create("cases");
  tcase_add_loop_test(tests, results_are_right, 0, COUNT(result_cases));
  tcase_add_loop_test(tests, misfits_are_refused, 0, COUNT(refused_cases));
  suite_add_tcase(suite, tests);
  return suite;
}
