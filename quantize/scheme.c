#include "quantize/scheme.h"

const Scheme quantize_schemes[] = {
#define X(name, text, weights, activations, brief) {text, weights, activations, brief},
    SCHEMES(X)
#undef X
};
