/* A pinhole camera with two radial terms of distortion: a point is rotated (Rodrigues), moved and
   projected. It is given 15 numbers: rotation, translation, focal length, two radial terms,
   principal point, skew, point; du and
   dv are the Jacobian of the two image coordinates. `number` is a double, or a vector of doubles. */

#include <math.h>

static inline __attribute__((always_inline)) void
CAMERA(const number *w, const number *t, number f, number k1, number k2, number skew, const number *p,
       number sine, number cosine, number square, number angle, number *du, number *dv) {
    number a = sine / angle, b = (1 - cosine) / square;
    number a1 = (cosine - a) / square, b1 = (a - 2 * b) / square;
    number c[3] = {w[1] * p[2] - w[2] * p[1], w[2] * p[0] - w[0] * p[2], w[0] * p[1] - w[1] * p[0]};
    number e[3] = {w[1] * c[2] - w[2] * c[1], w[2] * c[0] - w[0] * c[2], w[0] * c[1] - w[1] * c[0]};
    number x = p[0] + a * c[0] + b * e[0] + t[0];
    number y = p[1] + a * c[1] + b * e[1] + t[1];
    number z = p[2] + a * c[2] + b * e[2] + t[2];
    number s = 1 / z, px = x * s, py = y * s, r = px * px + py * py;
    number d = 1 + r * (k1 + r * k2), slope = 2 * (k1 + 2 * r * k2);
    number q = px + skew * py, u = d * q, v = d * py;
    /* with respect to px and py */
    number upx = f * (d + slope * px * q), upy = f * (d * skew + slope * py * q);
    number vpx = f * slope * px * py, vpy = f * (d + slope * py * py);
    number ux = upx * s, uy = upy * s, uz = -(upx * px + upy * py) * s;
    number vx = vpx * s, vy = vpy * s, vz = -(vpx * px + vpy * py) * s;
    number dot = w[0] * p[0] + w[1] * p[1] + w[2] * p[2];
    for (int i = 0; i < 3; i++) {
        int j = (i + 1) % 3, k = (i + 2) % 3;
        number g[3]; /* of the rotated point, with respect to w[i] */
        g[i] = a1 * w[i] * c[i] + b1 * w[i] * e[i] + b * (dot - p[i] * w[i]);
        g[j] = a1 * w[i] * c[j] + b1 * w[i] * e[j] - a * p[k] + b * (p[i] * w[j] - 2 * w[i] * p[j]);
        g[k] = a1 * w[i] * c[k] + b1 * w[i] * e[k] + a * p[j] + b * (p[i] * w[k] - 2 * w[i] * p[k]);
        g[i] += b * (p[i] * w[i] - 2 * w[i] * p[i]) + b * (p[i] * w[i]);
        du[i] = ux * g[0] + uy * g[1] + uz * g[2];
        dv[i] = vx * g[0] + vy * g[1] + vz * g[2];
        number h[3]; /* the same for p[i]: a column of the matrix */
        h[i] = 1 + b * (w[i] * w[i] - square);
        h[j] = b * w[i] * w[j] + a * w[k];
        h[k] = b * w[i] * w[k] - a * w[j];
        du[12 + i] = ux * h[0] + uy * h[1] + uz * h[2];
        dv[12 + i] = vx * h[0] + vy * h[1] + vz * h[2];
    }
    du[3] = ux, du[4] = uy, du[5] = uz, dv[3] = vx, dv[4] = vy, dv[5] = vz;
    du[6] = u, dv[6] = v;
    du[7] = f * q * r, dv[7] = f * py * r;
    du[8] = du[7] * r, dv[8] = dv[7] * r;
    du[9] = 1 + 0 * f, dv[9] = 0 * f, du[10] = 0 * f, dv[10] = 1 + 0 * f;
    du[11] = f * d * py, dv[11] = 0 * f;
}
