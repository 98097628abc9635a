#include "pack/manifest/reproducible_math.h"

#include <float.h>
#include <math.h>
#include <stddef.h>

namespace cram {
namespace {

static_assert(FLT_EVAL_METHOD == 0, "doubles must be computed as doubles");

// ln 2 in two parts: the first has so few digits that a small multiple is
// exact.
constexpr double kLn2High = 6.93147180369123816490e-01;
constexpr double kLn2Low = 1.90821492927058770002e-10;

// coefficients[0] + x * (coefficients[1] + ...)
template <size_t N>
double Polynomial(const double (&coefficients)[N], double x) {
  double sum = coefficients[N - 1];
  for (size_t i = N - 1; i-- > 0;) sum = sum * x + coefficients[i];
  return sum;
}

// AS 241: numerators and denominators near the middle, in the tails, and far
// out in the tails.
constexpr double kMiddleA[] = {
    3.3871328727963666080e0,  1.3314166789178437745e+2,
    1.9715909503065514427e+3, 1.3731693765509461125e+4,
    4.5921953931549871457e+4, 6.7265770927008700853e+4,
    3.3430575583588128105e+4, 2.5090809287301226727e+3};
constexpr double kMiddleB[] = {1.0,
                               4.2313330701600911252e+1,
                               6.8718700749205790830e+2,
                               5.3941960214247511077e+3,
                               2.1213794301586595867e+4,
                               3.9307895800092710610e+4,
                               2.8729085735721942674e+4,
                               5.2264952788528545610e+3};
constexpr double kTailC[] = {
    1.42343711074968357734e0,  4.63033784615654529590e0,
    5.76949722146069140550e0,  3.64784832476320460504e0,
    1.27045825245236838258e0,  2.41780725177450611770e-1,
    2.27238449892691845833e-2, 7.74545014278341407640e-4};
constexpr double kTailD[] = {1.0,
                             2.05319162663775882187e0,
                             1.67638483018380384940e0,
                             6.89767334985100004550e-1,
                             1.48103976427480074590e-1,
                             1.51986665636164571966e-2,
                             5.47593808499534494600e-4,
                             1.05075007164441684324e-9};
constexpr double kFarE[] = {
    6.65790464350110377720e0,  5.46378491116411436990e0,
    1.78482653991729133580e0,  2.96560571828504891230e-1,
    2.65321895265761230930e-2, 1.24266094738807843860e-3,
    2.71155556874348757815e-5, 2.01033439929228813265e-7};
constexpr double kFarF[] = {1.0,
                            5.99832206555887937690e-1,
                            1.36929880922735805310e-1,
                            1.48753612908506148525e-2,
                            7.86869131145613259100e-4,
                            1.84631831751005468180e-5,
                            1.42151175831644588870e-7,
                            2.04426310338993978564e-15};

}  // namespace

// x = 2^k (1 + f), and log(1 + f) by a series in s = f / (2 + f).
double ReproducibleLog(double x) {
  int k;
  double f = frexp(x, &k);
  if (f < M_SQRT1_2) {
    f *= 2;
    --k;
  }
  f -= 1;
  double s = f / (2 + f);
  double z = s * s;
  constexpr double kSeries[] = {
      6.666666666666735130e-01, 3.999999999940941908e-01,
      2.857142874366239149e-01, 2.222219843214978396e-01,
      1.818357216161805012e-01, 1.531383769920937332e-01,
      1.479819860511658591e-01};
  double r = z * Polynomial(kSeries, z);
  double half = 0.5 * f * f;
  return k * kLn2High - ((half - (s * (half + r) + k * kLn2Low)) - f);
}

// x = k ln 2 + r, and exp(r) by a rational approximation.
double ReproducibleExp(double x) {
  double k = floor(x * M_LOG2E + 0.5);
  double high = x - k * kLn2High;
  double low = k * kLn2Low;
  double r = high - low;
  constexpr double kSeries[] = {
      1.66666666666666019037e-01, -2.77777777770155933842e-03,
      6.61375632143793436117e-05, -1.65339022054652515390e-06,
      4.13813679705723846039e-08};
  double t = r * r;
  double c = r - t * Polynomial(kSeries, t);
  double y = 1 - ((low - r * c / (2 - c)) - high);
  return ldexp(y, static_cast<int>(k));
}

double NormalQuantile(double u) {
  double q = u - 0.5;
  if (fabs(q) <= 0.425) {
    double r = 0.180625 - q * q;
    return q * Polynomial(kMiddleA, r) / Polynomial(kMiddleB, r);
  }
  double r = sqrt(-ReproducibleLog(q < 0 ? u : 1 - u));
  double z;
  if (r <= 5) {
    r -= 1.6;
    z = Polynomial(kTailC, r) / Polynomial(kTailD, r);
  } else {
    r -= 5;
    z = Polynomial(kFarE, r) / Polynomial(kFarF, r);
  }
  return q < 0 ? -z : z;
}

}  // namespace cram
