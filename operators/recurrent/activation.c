/* shared by the family: activation functions. */
#include "operators/recurrent/activation.h"

#include "base/wide.h"
#include "operators/unary/exp_f32.h"

#include <math.h>
#include <strings.h>

/* A function and its derivative, which may use its result y. */
#define ACTIVATION(name, expression, derivative)                                                             \
  static double name(double x, double alpha, double beta) {                                                  \
    (void)alpha, (void)beta;                                                                                 \
    return expression;                                                                                       \
  }                                                                                                          \
  static double name##_slope(double x, double y, double alpha, double beta) {                                \
    (void)x, (void)y, (void)alpha, (void)beta;                                                               \
    return derivative;                                                                                       \
  }

ACTIVATION(relu, x > 0 ? x : 0, x > 0)
ACTIVATION(hyperbolic, tanh(x), 1 - y * y)
ACTIVATION(sigmoid, 1 / (1 + exp(-x)), y *(1 - y))
ACTIVATION(affine, alpha *x + beta, alpha)
ACTIVATION(leaky_relu, x >= 0 ? x : alpha * x, x >= 0 ? 1 : alpha)
ACTIVATION(thresholded_relu, x > alpha ? x : 0, x > alpha)
ACTIVATION(scaled_tanh, alpha *tanh(beta *x), alpha == 0 ? 0 : beta * (alpha - y * y / alpha))
ACTIVATION(hard_sigmoid, fmin(fmax(alpha *x + beta, 0), 1), y > 0 && y < 1 ? alpha : 0)
ACTIVATION(elu, x >= 0 ? x : alpha * expm1(x), x >= 0 ? 1 : y + alpha)
ACTIVATION(softsign, x / (1 + fabs(x)), (1 - fabs(y)) * (1 - fabs(y)))
ACTIVATION(softplus, fmax(x, 0) + log1p(exp(-fabs(x))), -expm1(-y))

WIDE_LOOP static void fast_hyperbolic(float *x, int64_t n) {
  for (int64_t i = 0; i < n; i++) x[i] = tanh_f32(x[i]);
}

WIDE_LOOP static void fast_sigmoid(float *x, int64_t n) {
  for (int64_t i = 0; i < n; i++) x[i] = sigmoid_f32(x[i]);
}

#define WITH(name) name, name##_slope, NULL

static const struct {
  const char *name;
  Activation activation; /* with the defaults of the operators of these names */
  bool takes_alpha, takes_beta;
} activations[] = {
    {"Relu", {WITH(relu), 0, 0}, false, false},
    {"Tanh", {hyperbolic, hyperbolic_slope, fast_hyperbolic, 0, 0}, false, false},
    {"Sigmoid", {sigmoid, sigmoid_slope, fast_sigmoid, 0, 0}, false, false},
    {"Affine", {WITH(affine), 1, 0}, true, true},
    {"LeakyRelu", {WITH(leaky_relu), 0.01, 0}, true, false},
    {"ThresholdedRelu", {WITH(thresholded_relu), 1, 0}, true, false},
    {"ScaledTanh", {WITH(scaled_tanh), 1, 1}, true, true},
    {"HardSigmoid", {WITH(hard_sigmoid), 0.2, 0.5}, true, true},
    {"Elu", {WITH(elu), 1, 0}, true, false},
    {"Softsign", {WITH(softsign), 0, 0}, false, false},
    {"Softplus", {WITH(softplus), 0, 0}, false, false},
};

bool activation_find(const char *name, Activation *activation, bool *takes_alpha, bool *takes_beta) {
  for (size_t i = 0; i < sizeof activations / sizeof *activations; i++)
    if (strcasecmp(activations[i].name, name) == 0) {
      *activation = activations[i].activation;
      *takes_alpha = activations[i].takes_alpha;
      *takes_beta = activations[i].takes_beta;
      return true;
    }
  return false;
}
