/*
 * fake_quantize.h - the operator FakeQuantize, by which a graph in float rounds as its integer form will:
 *
 *     y = s * min(max(round half to even(x / s), low), high)     with s = step * ratio
 *
 * Codes are counted from the zero point on, so low and high say where that is. `step` is one number, one a
 * channel along `axis`, or one an element; `ratio`, one number or one a channel, is what is learned of the
 * scale: as a share of it, so that scales of any size take steps of the same size.
 *
 * Its gradients are those of Esser et al. 2020 ("Learned step size quantization"): x gets dy within the codes
 * and 0 beyond, s gets dy times round(x / s) - x / s within and times `low` or `high` beyond; that of the
 * ratio is multiplied by `gradient_scale`.
 */
#ifndef OPERATORS_QUANT_FAKE_QUANTIZE_H
#define OPERATORS_QUANT_FAKE_QUANTIZE_H

#define FAKE_QUANTIZE "FakeQuantize"
#define FAKE_QUANTIZE_DOMAIN "edgec"

/* What a trained ratio counts as: scales stay positive. */
float fake_quantize_ratio(float ratio);

#endif
