// Logarithm, exponential and inverse normal, the same to the last bit on every
// machine and in every version: what a manifest computes must not change.
#pragma once

namespace cram {

// Only + - * / and sqrt, which IEEE 754 defines to the last bit; the source is
// compiled without contraction to fused operations. Errors are below 1 ulp.
// The approximations of fdlibm 5.3 (Sun
// Microsystems, 1993: e_log.c, e_exp.c).
double ReproducibleLog(double x);  // x is normal and above 0
double ReproducibleExp(double x);  // |x| <= kMostExponent

inline constexpr double kMostExponent = 700;

// The quantile function of the normal distribution; 0 < u < 1. Relative error
// about 1e-16: algorithm AS 241 (PPND16), M. J. Wichura, "The percentage points
// of the normal distribution", Applied Statistics 37 (1988), 477-484.
double NormalQuantile(double u);

}  // namespace cram
