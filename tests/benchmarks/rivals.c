/* What native code is measured against: written by hand for eight points at once, which the compiler
   turns into vectors (gcc -O3 -march=native; products and sums are fused, nothing is reassociated). */

#include <string.h>

#define LANES 8
#define FOR for (int l = 0; l < LANES; l++)

/* The hinge loss of a network 2-16-16-1, and its gradient with respect to the weights, summed over
   the points: 1 + 32 + 16 + 256 + 16 + 16 + 1 numbers. Points are in columns; n is a multiple of 8. */
void network(long n, const double *restrict w1, const double *restrict b1,
             const double *restrict w2, const double *restrict b2, const double *restrict w3,
             const double *restrict b3, const double *restrict x, const double *restrict y,
             const double *restrict t, double *restrict out) {
    double sums[338][LANES];
    memset(sums, 0, sizeof sums);
    for (long s = 0; s < n; s += LANES) {
        double h1[16][LANES], on1[16][LANES], h2[16][LANES], on2[16][LANES], d1[16][LANES];
        double z[LANES], d[LANES], g[LANES];
        for (int i = 0; i < 16; i++)
            FOR {
                double v = w1[2 * i] * x[s + l] + w1[2 * i + 1] * y[s + l] + b1[i];
                h1[i][l] = v > 0 ? v : 0;
                on1[i][l] = v > 0;
            }
        for (int i = 0; i < 16; i++) {
            FOR z[l] = b2[i];
            for (int j = 0; j < 16; j++) FOR z[l] += w2[16 * i + j] * h1[j][l];
            FOR {
                h2[i][l] = z[l] > 0 ? z[l] : 0;
                on2[i][l] = z[l] > 0;
            }
        }
        FOR z[l] = b3[0];
        for (int j = 0; j < 16; j++) FOR z[l] += w3[j] * h2[j][l];
        FOR {
            double v = 1 - t[s + l] * z[l];
            sums[0][l] += v > 0 ? v : 0;
            d[l] = v > 0 ? -t[s + l] : 0;
            sums[337][l] += d[l];
        }
        memset(d1, 0, sizeof d1);
        for (int i = 0; i < 16; i++) {
            FOR {
                sums[321 + i][l] += d[l] * h2[i][l];
                g[l] = d[l] * w3[i] * on2[i][l];
                sums[305 + i][l] += g[l];
            }
            for (int j = 0; j < 16; j++)
                FOR {
                    sums[49 + 16 * i + j][l] += g[l] * h1[j][l];
                    d1[j][l] += g[l] * w2[16 * i + j];
                }
        }
        for (int i = 0; i < 16; i++)
            FOR {
                g[l] = d1[i][l] * on1[i][l];
                sums[1 + 2 * i][l] += g[l] * x[s + l];
                sums[2 + 2 * i][l] += g[l] * y[s + l];
                sums[33 + i][l] += g[l];
            }
    }
    for (int k = 0; k < 338; k++) {
        out[k] = 0;
        FOR out[k] += sums[k][l];
    }
}

/* The Jacobian of a camera at n observations: x has 15 columns, and out has 30. */

#include <math.h>

#define number double
#define CAMERA camera
#include "camera.h"
#undef number
#undef CAMERA

void cameras(long n, const double *restrict x, double *restrict out) {
    for (long s = 0; s < n; s++) {
        double q[15], j[30];
        for (int i = 0; i < 15; i++) q[i] = x[i * n + s];
        double square = q[0] * q[0] + q[1] * q[1] + q[2] * q[2], angle = sqrt(square);
        camera(q, q + 3, q[6], q[7], q[8], q[11], q + 12, sin(angle), cos(angle), square, angle, j,
               j + 15);
        for (int i = 0; i < 30; i++) out[i * n + s] = j[i];
    }
}

typedef double vector __attribute__((vector_size(8 * LANES), aligned(8)));
#define number vector
#define CAMERA camera_of_lanes
#include "camera.h"

#ifdef __AVX512F__ /* of glibc's libmvec */
vector _ZGVeN8v_sin(vector), _ZGVeN8v_cos(vector);
#define SINES sine = _ZGVeN8v_sin(angle), cosine = _ZGVeN8v_cos(angle);
#else
#define SINES FOR sine[l] = sin(angle[l]), cosine[l] = cos(angle[l]);
#endif

/* Eight observations at once; n is a multiple of 8. */
void cameras_of_lanes(long n, const double *restrict x, double *restrict out) {
    for (long s = 0; s < n; s += LANES) {
        vector q[15], j[30], sine, cosine, angle;
        for (int i = 0; i < 15; i++) q[i] = *(const vector *)(x + i * n + s);
        vector square = q[0] * q[0] + q[1] * q[1] + q[2] * q[2];
        FOR angle[l] = sqrt(square[l]);
        SINES
        camera_of_lanes(q, q + 3, q[6], q[7], q[8], q[11], q + 12, sine, cosine, square, angle, j,
                        j + 15);
        for (int i = 0; i < 30; i++) *(vector *)(out + i * n + s) = j[i];
    }
}
