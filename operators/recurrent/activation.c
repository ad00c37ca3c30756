/* shared by the family: activation functions. */
#include "operators/recurrent/activation.h"

#include <math.h>
#include <strings.h>

#define ACTIVATION(name, expression)                                                                         \
  static double name(double x, double alpha, double beta) {                                                  \
    (void)alpha, (void)beta;                                                                                 \
    return expression;                                                                                       \
  }

ACTIVATION(relu, x > 0 ? x : 0)
ACTIVATION(hyperbolic, tanh(x))
ACTIVATION(sigmoid, 1 / (1 + exp(-x)))
ACTIVATION(affine, alpha *x + beta)
ACTIVATION(leaky_relu, x >= 0 ? x : alpha * x)
ACTIVATION(thresholded_relu, x > alpha ? x : 0)
ACTIVATION(scaled_tanh, alpha *tanh(beta *x))
ACTIVATION(hard_sigmoid, fmin(fmax(alpha *x + beta, 0), 1))
ACTIVATION(elu, x >= 0 ? x : alpha * expm1(x))
ACTIVATION(softsign, x / (1 + fabs(x)))
ACTIVATION(softplus, fmax(x, 0) + log1p(exp(-fabs(x))))

static const struct {
  const char *name;
  Activation activation; /* with the defaults of the operators of these names */
  bool takes_alpha, takes_beta;
} activations[] = {
    {"Relu", {relu, 0, 0}, false, false},
    {"Tanh", {hyperbolic, 0, 0}, false, false},
    {"Sigmoid", {sigmoid, 0, 0}, false, false},
    {"Affine", {affine, 1, 0}, true, true},
    {"LeakyRelu", {leaky_relu, 0.01, 0}, true, false},
    {"ThresholdedRelu", {thresholded_relu, 1, 0}, true, false},
    {"ScaledTanh", {scaled_tanh, 1, 1}, true, true},
    {"HardSigmoid", {hard_sigmoid, 0.2, 0.5}, true, true},
    {"Elu", {elu, 1, 0}, true, false},
    {"Softsign", {softsign, 0, 0}, false, false},
    {"Softplus", {softplus, 0, 0}, false, false},
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
