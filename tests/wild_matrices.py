"""Jacobians and Hessians as people derive them: mistakes that were reported in public, reduced to
a few lines, and right ones that look wrong.

The comment above the functions of a case says where it was found. Nothing here was planted by the
dictionary of mistakes, and what `check_jacobian` and `check_hessian` say had no part in the choice.

There are 46 wrong Jacobians and 21 wrong Hessians, 39 and 18 of them from public reports, and 15
right Jacobians and 8 right Hessians, 12 and 8 of them from public reports and discussions. The
others are those of textbooks or from experience.
"""

# ruff: noqa: N803, N806 - matrices are capital letters here

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from autograd import logsumexp, ndtr, sigmoid, softplus


class Case(NamedTuple):
    function: Callable[..., Any]
    manual: Callable[..., Any]
    arguments: tuple[Any, ...]
    truth: str
    """What is wrong, in words; nothing if it is right."""


WRONG_JACOBIANS: dict[str, Case] = {}
RIGHT_JACOBIANS: dict[str, Case] = {}
WRONG_HESSIANS: dict[str, Case] = {}
RIGHT_HESSIANS: dict[str, Case] = {}


def skew(v):
    return np.array([[0.0, -v[2], v[1]], [v[2], 0.0, -v[0]], [-v[1], v[0], 0.0]])


def softmax(z):
    powers = np.exp(z)
    return powers / powers.sum()


def pdf(x):
    return math.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)


# --- Wrong Jacobians: where a robot is -----------------------------------------------------------

DT = 0.1


# conorhennessy/SLAM-Course-Solutions #5
def odometry(pose, move):
    heading = pose[2] + move[0]
    return np.array(
        [
            pose[0] + move[1] * np.cos(heading),
            pose[1] + move[1] * np.sin(heading),
            heading + move[2],
        ]
    )


def odometry_jacobian(pose, move):
    turn, way, _ = move
    c, s = math.cos(pose[2] + turn), math.sin(pose[2] + turn)
    G = np.eye(3)
    G[0, 2] = -way * c
    G[1, 2] = way * s
    V = np.array([[-way * s, c, 0.0], [way * c, s, 0.0], [1.0, 0.0, 1.0]])
    return G, V


WRONG_JACOBIANS["odometry: cosine and sine not exchanged"] = Case(
    odometry,
    odometry_jacobian,
    (np.array([1.2, -0.4, 0.7]), np.array([0.3, 1.5, -0.2])),
    "in the column of the heading, the cosine stands where its derivative, the sine, belongs, "
    "and the other way round",
)


# snmnmin12/ekf-slam #1
def velocity_motion(pose, v, w):
    return np.array(
        [
            pose[0] - v / w * np.sin(pose[2]) + v / w * np.sin(pose[2] + w * DT),
            pose[1] + v / w * np.cos(pose[2]) - v / w * np.cos(pose[2] + w * DT),
            pose[2] + w * DT,
        ]
    )


def velocity_motion_jacobian(pose, v, w):
    before, after = pose[2], pose[2] + w * DT
    G = np.zeros((3, 3))
    G[0, 0] = G[1, 1] = 1.0
    G[0, 2] = v / w * (math.cos(after) - math.cos(before))
    G[1, 2] = v / w * (math.sin(after) - math.sin(before))
    dv = np.array(
        [
            (math.sin(after) - math.sin(before)) / w,
            (math.cos(before) - math.cos(after)) / w,
            0.0,
        ]
    )
    dw = np.array(
        [
            -dv[0] * v / w + v / w * math.cos(after) * DT,
            -dv[1] * v / w + v / w * math.sin(after) * DT,
            DT,
        ]
    )
    return G, dv, dw


WRONG_JACOBIANS["velocity motion: third row of zeros"] = Case(
    velocity_motion,
    velocity_motion_jacobian,
    (np.array([0.5, -1.2, 0.9]), 1.3, 0.8),
    "the derivative of the next heading with respect to the heading is 1, not 0",
)


# AtsushiSakai/PythonRobotics pull request #305
def unicycle(state, u):
    return np.array(
        [
            state[0] + DT * u[0] * np.cos(state[2]),
            state[1] + DT * u[0] * np.sin(state[2]),
            state[2] + DT * u[1],
        ]
    )


def unicycle_jacobian(state, u):
    x, y, yaw = state
    x, y, yaw = (
        x + DT * u[0] * math.cos(yaw),
        y + DT * u[0] * math.sin(yaw),
        yaw + DT * u[1],
    )
    return (
        np.array(
            [
                [1.0, 0.0, -DT * u[0] * math.sin(yaw)],
                [0.0, 1.0, DT * u[0] * math.cos(yaw)],
                [0.0, 0.0, 1.0],
            ]
        ),
        np.array([[DT * math.cos(yaw), 0.0], [DT * math.sin(yaw), 0.0], [0.0, DT]]),
    )


WRONG_JACOBIANS["unicycle: heading after the motion"] = Case(
    unicycle,
    unicycle_jacobian,
    (np.array([0.4, 1.1, -0.6]), np.array([1.8, 2.5])),
    "the Jacobian is taken at the heading after the motion, not at the one before it",
)


# AtsushiSakai/PythonRobotics #143
def unicycle_exchanged(state, u):
    yaw = state[2]
    A = np.eye(3)
    A[0, 2], A[1, 2] = -DT * u[0] * math.sin(yaw), DT * u[0] * math.cos(yaw)
    B = np.array([[DT * math.sin(yaw), 0.0], [DT * math.cos(yaw), 0.0], [0.0, DT]])
    return {"state": A, "u": B}


WRONG_JACOBIANS["unicycle: input matrix with sine and cosine exchanged"] = Case(
    unicycle,
    unicycle_exchanged,
    (np.array([0.4, 1.1, -0.6]), np.array([1.8, 2.5])),
    "in the column of the speed, sine and cosine are exchanged",
)


# AtsushiSakai/PythonRobotics pull request #647: the time step was missing in the documentation
def unicycle_no_step(state, u):
    c, s = math.cos(state[2]), math.sin(state[2])
    return [
        [1.0, 0.0, -DT * u[0] * s, c, 0.0],
        [0.0, 1.0, DT * u[0] * c, s, 0.0],
        [0.0, 0.0, 1.0, 0.0, DT],
    ]


WRONG_JACOBIANS["unicycle: time step missing"] = Case(
    unicycle,
    unicycle_no_step,
    (np.array([0.4, 1.1, -0.6]), np.array([1.8, 2.5])),
    "the column of the speed lacks the time step as a factor",
)


# AtsushiSakai/PythonRobotics pull request #62
def constant_velocity(state):
    x, y, yaw, v = state
    return np.array([x + v * np.cos(yaw) * DT, y + v * np.sin(yaw) * DT, yaw, v])


def constant_velocity_jacobian(state):
    _, _, yaw, _ = state
    return np.array(
        [
            [1.0, 0.0, -DT * math.sin(yaw), DT * math.cos(yaw)],
            [0.0, 1.0, DT * math.cos(yaw), DT * math.sin(yaw)],
            [0.0, 0.0, 1.0, 0.0],
            [0.0, 0.0, 0.0, 1.0],
        ]
    )


WRONG_JACOBIANS["constant velocity: speed missing"] = Case(
    constant_velocity,
    constant_velocity_jacobian,
    (np.array([0.3, -0.8, 1.1, 1.7]),),
    "the derivatives with respect to the heading lack the speed as a factor",
)


# AtsushiSakai/PythonRobotics #87
WHEELBASE = 2.5


def bicycle(state, delta):
    x, y, v, phi = state
    return [
        x + DT * v * np.cos(phi),
        y + DT * v * np.sin(phi),
        v,
        phi + DT * v * np.tan(delta) / WHEELBASE,
    ]


def bicycle_jacobian(state, delta):
    _, _, v, phi = state
    A = np.eye(4)
    A[0, 2], A[0, 3] = DT * math.cos(phi), -DT * v * math.sin(phi)
    A[1, 2], A[1, 3] = DT * math.sin(phi), DT * v * math.cos(phi)
    A[3, 2] = DT * math.tan(delta)
    B = np.array([0.0, 0.0, 0.0, DT * v / (WHEELBASE * math.cos(delta) ** 2)])
    return np.column_stack([A, B])


WRONG_JACOBIANS["bicycle: wheelbase missing"] = Case(
    bicycle,
    bicycle_jacobian,
    (np.array([1.0, 2.0, 3.2, 0.4]), 0.25),
    "the derivative of the yaw with respect to the speed is not divided by the wheelbase",
)


# karanchawla/GPS_IMU_Kalman_Filter #10
def constant_turn(state):
    x, y, psi, v, omega = state
    return np.array(
        [
            x + v / omega * (np.sin(psi + omega * DT) - np.sin(psi)),
            y + v / omega * (np.cos(psi) - np.cos(psi + omega * DT)),
            psi + omega * DT,
            v,
            omega,
        ]
    )


def constant_turn_jacobian(state):
    _, _, psi, v, omega = state
    after, radius = psi + omega * DT, v / omega
    sines, cosines = math.sin(after) - math.sin(psi), math.cos(psi) - math.cos(after)
    J = np.eye(5)
    J[0, 2] = radius * (-math.cos(omega * DT) + psi)
    J[0, 3] = sines / omega
    J[0, 4] = DT * radius * math.cos(after) - radius / omega * sines
    J[1, 2] = radius * sines
    J[1, 3] = cosines / omega
    J[1, 4] = DT * radius * math.sin(after) - radius / omega * cosines
    J[2, 4] = DT
    return J


WRONG_JACOBIANS["constant turn rate: a bracket closed too early"] = Case(
    constant_turn,
    constant_turn_jacobian,
    (np.array([0.2, 0.7, 0.8, 2.1, 0.9]),),
    "the derivative of x with respect to the heading is radius (cos(heading + turn) - "
    "cos(heading)); here the heading stands outside of a cosine",
)


# cra-ros-pkg/robot_localization #591
def euler_step(angles, rates):
    roll, pitch, yaw = angles
    p, q, r = rates
    return np.array(
        [
            roll + DT * (p + (q * np.sin(roll) + r * np.cos(roll)) * np.tan(pitch)),
            pitch + DT * (q * np.cos(roll) - r * np.sin(roll)),
            yaw + DT * (q * np.sin(roll) + r * np.cos(roll)) / np.cos(pitch),
        ]
    )


def euler_step_jacobian(angles, rates):
    roll, pitch, _ = angles
    _, q, r = rates
    sr, cr, tp, cpi = math.sin(roll), math.cos(roll), math.tan(pitch), 1.0 / math.cos(pitch)
    F = np.eye(3)
    F[0, 0] += DT * (q * cr - r * sr) * tp
    F[0, 1] = DT * (q * sr + r * cr) * cpi * cpi
    F[1, 0] = DT * (-q * sr - r * cr)
    F[2, 0] = DT * (q * cr - r * sr) * cpi
    F[2, 1] = DT * (sr * tp * cpi * q - cr * tp * cpi * r)
    G = DT * np.array([[1.0, sr * tp, cr * tp], [0.0, cr, -sr], [0.0, sr * cpi, cr * cpi]])
    return {"angles": F, "rates": G}


WRONG_JACOBIANS["Euler angles: sign of one term of yaw by pitch"] = Case(
    euler_step,
    euler_step_jacobian,
    (np.array([0.3, -0.5, 1.2]), np.array([0.7, -1.1, 0.9])),
    "in the derivative of yaw with respect to pitch, the term of the yaw rate has the wrong sign",
)


# Introduction-to-Autonomous-Robots/Introduction-to-Autonomous-Robots #78
def wheels(theta, turned):
    left, right = turned
    way = 0.05 * (left + right)
    return np.array([way * np.cos(theta), way * np.sin(theta), 0.1 * (right - left) / 0.4])


def wheels_jacobian(theta, turned):
    left, right = turned
    c, s = 0.05 * math.cos(theta), 0.05 * math.sin(theta)
    dtheta = np.array([-(left + right) * s, (left + right) * c, 0.0])
    return dtheta, np.array([[c, c], [s, s], [0.25, -0.25]])


WRONG_JACOBIANS["differential drive: wheels exchanged"] = Case(
    wheels,
    wheels_jacobian,
    (0.6, np.array([1.4, 2.3])),
    "the columns of the left and the right wheel are exchanged, which shows in the last row",
)


# Introduction-to-Autonomous-Robots/Introduction-to-Autonomous-Robots #22
def encoder_odometry(theta, right, left):
    ds, dtheta = 0.5 * (right + left), (right - left) / 0.3
    return np.array(
        [ds * np.cos(theta + 0.5 * dtheta), ds * np.sin(theta + 0.5 * dtheta), theta + dtheta]
    )


def encoder_odometry_jacobian(theta, right, left):
    ds, middle = 0.5 * (right + left), theta + 0.5 * (right - left) / 0.3
    c, s = math.cos(middle), math.sin(middle)
    return [
        [-ds * s, 0.5 * c, 0.5 * c],
        [ds * c, 0.5 * s, 0.5 * s],
        [1.0, 1.0 / 0.3, -1.0 / 0.3],
    ]


WRONG_JACOBIANS["encoder odometry: turn as a constant"] = Case(
    encoder_odometry,
    encoder_odometry_jacobian,
    (0.5, 0.24, 0.15),
    "the turn in the middle heading is treated as a constant, although the wheels make it",
)


# --- Wrong Jacobians: what a robot sees ----------------------------------------------------------


# AtsushiSakai/PythonRobotics pull request #255
def range_bearing(pose, landmark):
    dx, dy = landmark[0] - pose[0], landmark[1] - pose[1]
    return np.array([np.sqrt(dx**2 + dy**2), np.arctan2(dy, dx) - pose[2]])


def range_bearing_jacobian(pose, landmark):
    dx, dy = landmark - pose[:2]
    q = dx**2 + dy**2
    r = math.sqrt(q)
    G = np.array([[-r * dx, -r * dy, 0.0, r * dx, r * dy], [dy, -dx, -1.0, -dy, dx]])
    return G / q


WRONG_JACOBIANS["range and bearing: -1 divided with the rest"] = Case(
    range_bearing,
    range_bearing_jacobian,
    (np.array([0.4, -0.3, 0.8]), np.array([2.5, 1.7])),
    "the derivative of the bearing with respect to the own heading is -1, not -1 / q",
)


# getkeops/keops pull request #155
def bearings(position):
    return np.array(
        [np.arctan2(b - position[1], a - position[0]) for a, b in ((3.0, 1.0), (-2.0, 2.5))]
    )


def bearings_jacobian(position):
    rows = []
    for a, b in ((3.0, 1.0), (-2.0, 2.5)):
        dx, dy = a - position[0], b - position[1]
        rows.append([-dx / (dx**2 + dy**2), dy / (dx**2 + dy**2)])
    return rows


WRONG_JACOBIANS["bearings: the terms of atan2 exchanged"] = Case(
    bearings,
    bearings_jacobian,
    (np.array([0.6, -0.9]),),
    "the derivatives of atan2 with respect to its two arguments are exchanged",
)


# the exercise of CalculateJacobian in the lessons about the extended Kalman filter, from experience
def radar(state):
    px, py, vx, vy = state
    rho = np.sqrt(px**2 + py**2)
    return {"rho": rho, "phi": np.arctan2(py, px), "rate": (px * vx + py * vy) / rho}


def radar_jacobian(state):
    px, py, vx, vy = state
    c1 = px**2 + py**2
    c2 = math.sqrt(c1)
    c3 = c1 * c2
    turning = vx * py - vy * px
    return {
        "rho": np.array([px / c2, py / c2, 0.0, 0.0]),
        "phi": np.array([-py / c1, px / c1, 0.0, 0.0]),
        "rate": np.array([py * turning / c3, px * turning / c3, px / c2, py / c2]),
    }


WRONG_JACOBIANS["radar: sign in the range rate"] = Case(
    radar,
    radar_jacobian,
    (np.array([1.5, 0.8, -0.6, 2.2]),),
    "the derivative of the range rate with respect to py has the sign of the one for px",
)


# Mayitzin/ahrs #98
def gravity(q):
    return np.array(
        [
            2.0 * (q[1] * q[3] - q[0] * q[2]),
            2.0 * (q[2] * q[3] + q[0] * q[1]),
            q[0] ** 2 - q[1] ** 2 - q[2] ** 2 + q[3] ** 2,
        ]
    )


def gravity_jacobian(q):
    return 2.0 * np.array(
        [
            [-q[2], q[3], -q[0], q[1]],
            [q[1], q[0], q[3], q[2]],
            [0.0, -2.0 * q[1], -2.0 * q[2], 0.0],
        ]
    )


WRONG_JACOBIANS["gravity: last row of another form"] = Case(
    gravity,
    gravity_jacobian,
    (np.array([0.8, -0.3, 0.4, 0.33]),),
    "the last row belongs to 1 - 2 (q1**2 + q2**2), which is the last output for unit quaternions "
    "only",
)


# tum-vision/dvo_slam pull request #22
def pinhole(point):
    x, y, z = point
    return np.array([520.0 * x / z + 320.0, 515.0 * y / z + 240.0])


def pinhole_jacobian(point):
    x, y, z = point
    return np.array([[520.0 / z, 0.0, -520.0 * y / z**2], [0.0, 515.0 / z, -515.0 * x / z**2]])


WRONG_JACOBIANS["pinhole: x and y in the column of z"] = Case(
    pinhole,
    pinhole_jacobian,
    (np.array([0.4, -0.7, 2.1]),),
    "in the column of the depth, x and y are exchanged",
)


# nerfstudio-project/gsplat #532
TILTED = np.array([[0.8, -0.6, 0.0], [0.48, 0.64, -0.6], [0.36, 0.48, 0.8]])


def splat(mean, t):
    p = TILTED @ mean + t
    return np.array([2.0 * p[0] / p[2], 2.0 * p[1] / p[2]])


def splat_jacobian(mean, t):
    z = (TILTED @ mean + t)[2]
    J = np.array([[2.0 / z, 0.0, -2.0 * t[0] / z**2], [0.0, 2.0 / z, -2.0 * t[1] / z**2]])
    return J @ TILTED, J


WRONG_JACOBIANS["splat: the camera's translation for the point"] = Case(
    splat,
    splat_jacobian,
    (np.array([0.7, -0.5, 0.9]), np.array([0.2, 0.6, 3.0])),
    "in the column of the depth, the translation of the camera stands for the point seen from it",
)


# opencv/opencv #6030: wrong as soon as the tangential coefficients are not zero (which terms were
# wrong is not in the report)
K1, K2, P1, P2 = -0.28, 0.09, 0.012, -0.021


def distort(point):
    x, y = point
    r2 = x**2 + y**2
    radial = 1.0 + K1 * r2 + K2 * r2**2
    return np.array(
        [
            x * radial + 2.0 * P1 * x * y + P2 * (r2 + 2.0 * x**2),
            y * radial + P1 * (r2 + 2.0 * y**2) + 2.0 * P2 * x * y,
        ]
    )


def distort_jacobian(point):
    x, y = point
    r2 = x**2 + y**2
    radial, slope = 1.0 + K1 * r2 + K2 * r2**2, 2.0 * K1 + 4.0 * K2 * r2
    mixed = slope * x * y
    return np.array(
        [
            [radial + slope * x**2 + 2.0 * P1 * y + 4.0 * P2 * x, mixed + 2.0 * P1 * x],
            [mixed + 2.0 * P2 * y, radial + slope * y**2 + 4.0 * P1 * y + 2.0 * P2 * x],
        ]
    )


WRONG_JACOBIANS["distortion: the radius in the tangential part"] = Case(
    distort,
    distort_jacobian,
    (np.array([0.35, -0.52]),),
    "in the tangential part, the squared radius is treated as a constant",
)


# kornia/kornia #4277
def fisheye(point):
    a, b = point
    r = np.sqrt(a**2 + b**2)
    theta = np.arctan(r)
    bent = theta * (1.0 + 0.1 * theta**2 + 0.2 * theta**4 + 0.3 * theta**6 + 0.4 * theta**8)
    return np.array([600.0 * bent / r * a + 319.5, 580.0 * bent / r * b + 239.5])


def fisheye_jacobian(point):
    r = np.hypot(*point)
    theta = math.atan(r)
    t2 = theta**2
    bent = theta * (1.0 + 0.1 * t2 + 0.2 * t2**2 + 0.3 * t2**3 + 0.4 * t2**4)
    slope = 0.3 * t2**3 + 0.4 * t2**4
    slope += 2.0 * t2 * (0.1 + 0.4 * t2 + 0.9 * t2**2 + 1.6 * t2**3)
    slope /= 1.0 + r**2
    along = np.outer(point, point) / r**2
    return np.diag([600.0, 580.0]) @ (slope * along + bent / r * (np.eye(2) - along))


WRONG_JACOBIANS["fisheye: terms missing in the radial derivative"] = Case(
    fisheye,
    fisheye_jacobian,
    (np.array([0.7, -0.4]),),
    "of the derivative of the distorted angle, 1 + k0 theta**2 + k1 theta**4 is missing",
)


# borglab/gtsam pull request #2039
def bearing_of_pose(theta, step):
    x = 2.0 + np.cos(theta) * step[0] - np.sin(theta) * step[1]
    y = 1.0 + np.sin(theta) * step[0] + np.cos(theta) * step[1]
    return np.array([np.arctan2(y, x), np.sqrt(x**2 + y**2)])


def bearing_of_pose_jacobian(theta, step):
    c, s = math.cos(theta), math.sin(theta)
    R = np.array([[c, -s], [s, c]])
    x, y = np.array([2.0, 1.0]) + R @ step
    r = math.hypot(x, y)
    H = np.array([[-y / r**2, x / r**2], [x / r, y / r]])
    H_step = H @ R
    H_step[0] = H[0]
    return H @ np.array([[-s, -c], [c, -s]]) @ step, H_step


WRONG_JACOBIANS["bearing of a pose: step not rotated"] = Case(
    bearing_of_pose,
    bearing_of_pose_jacobian,
    (0.7, np.array([0.5, -0.8])),
    "in the row of the bearing, the Jacobian of the position by the step in the pose's own frame, "
    "a rotation, is missing",
)


# --- Wrong Jacobians: arms and rotations ---------------------------------------------------------


# textbook
def planar_arm(q):
    return np.array(
        [
            0.9 * np.cos(q[0]) + 0.6 * np.cos(q[0] + q[1]),
            0.9 * np.sin(q[0]) + 0.6 * np.sin(q[0] + q[1]),
        ]
    )


def planar_arm_jacobian(q):
    s1, c1 = math.sin(q[0]), math.cos(q[0])
    s2, c2 = math.sin(q[1]), math.cos(q[1])
    return [[-0.9 * s1 - 0.6 * s2, -0.6 * s2], [0.9 * c1 + 0.6 * c2, 0.6 * c2]]


WRONG_JACOBIANS["planar arm: the second angle for the sum"] = Case(
    planar_arm,
    planar_arm_jacobian,
    (np.array([0.5, 0.9]),),
    "sine and cosine of the second angle stand where those of the sum of both angles belong",
)


# libnifalcon/libnifalcon #66: a column has sin(theta2)**2 for sin(theta2) sin(theta3)
def leg(q):
    reach = 0.1 * np.cos(q[0]) + 0.12 * np.sin(q[2]) * np.cos(q[1])
    return np.array(
        [
            reach,
            0.1 * np.sin(q[0]) + 0.12 * np.sin(q[2]) * np.sin(q[1]),
            0.12 * np.cos(q[2]),
        ]
    )


def leg_jacobian(q):
    s1, s2, s3 = np.sin(q)
    c1, c2, c3 = np.cos(q)
    return np.array(
        [
            [-0.1 * s1, -0.12 * s2 * s2, 0.12 * c3 * c2],
            [0.1 * c1, 0.12 * s3 * c2, 0.12 * c3 * s2],
            [0.0, 0.0, -0.12 * s3],
        ]
    )


WRONG_JACOBIANS["leg: the same sine twice"] = Case(
    leg,
    leg_jacobian,
    (np.array([0.4, 1.1, 0.7]),),
    "the derivative of x with respect to the second angle has sin(q1)**2 for sin(q1) sin(q2)",
)


# dqrobotics/matlab #62, dqrobotics/python #19
def base_pose(q):
    x, y, phi = q
    c, s = np.cos(0.5 * phi), np.sin(0.5 * phi)
    return np.array([c, s, 0.5 * (x * c + y * s), 0.5 * (y * c - x * s)])


def base_pose_jacobian(q):
    x, y, phi = q
    c, s = math.cos(0.5 * phi), math.sin(0.5 * phi)
    return np.array(
        [
            [0.0, 0.0, -0.5 * s],
            [0.0, 0.0, 0.5 * c],
            [0.5 * c, 0.5 * s, 0.25 * (-x * s + y * c)],
            [-0.5 * s, 0.5 * c, 0.25 * (x * c - y * s)],
        ]
    )


WRONG_JACOBIANS["base: sign of a term"] = Case(
    base_pose,
    base_pose_jacobian,
    (np.array([1.3, -0.7, 0.9]),),
    "in the last entry of the column of the angle, the term of x has the wrong sign",
)


# HKUST-Aerial-Robotics/VINS-Fusion #49
def perturbed_quaternion(q, delta):
    x, y, z, w = q
    a, b, c = 0.5 * delta
    return np.array(
        [
            x + w * a + y * c - z * b,
            y + w * b + z * a - x * c,
            z + w * c + x * b - y * a,
            w - x * a - y * b - z * c,
        ]
    )


def perturbed_quaternion_jacobian(q, delta):
    a, b, c = 0.5 * delta
    by_q = np.array([[1.0, c, -b, a], [-c, 1.0, a, b], [b, -a, 1.0, c], [-a, -b, -c, 1.0]])
    by_delta = np.zeros((4, 3))
    by_delta[:3] = np.eye(3)
    return {"q": by_q, "delta": by_delta}


WRONG_JACOBIANS["quaternion: identity for the half product"] = Case(
    perturbed_quaternion,
    perturbed_quaternion_jacobian,
    (np.array([0.3, -0.4, 0.2, 0.84]), np.array([0.02, -0.05, 0.03])),
    "the Jacobian by the rotation vector is half of the matrix of the quaternion product; here it "
    "is an identity above a row of zeros",
)


# JuliaGeometry/Rotations.jl #290
def rotate_normalised(q):
    w, x, y, z = q / np.sqrt((q**2).sum())
    return np.array(
        [
            w**2 + x**2 - y**2 - z**2,
            2.0 * (x * y + w * z),
            2.0 * (x * z - w * y),
        ]
    )


def rotate_normalised_jacobian(q):
    w, x, y, z = q / np.linalg.norm(q)
    return 2.0 * np.array([[w, x, -y, -z], [z, y, x, w], [-y, z, -w, x]])


WRONG_JACOBIANS["rotated axis: normalisation left out"] = Case(
    rotate_normalised,
    rotate_normalised_jacobian,
    (np.array([1.1, -0.4, 0.6, 0.9]),),
    "the Jacobian of the normalisation of the quaternion is missing",
)


# izhengfan/ba_demo_ceres #7
def turned_point(delta, t):
    p = TILTED @ np.array([0.9, -0.5, 1.4])
    p = p + skew(delta) @ p + t
    return np.array([1.5 * p[0] / p[2], 1.5 * p[1] / p[2]])


def turned_point_jacobian(delta, t):
    point = np.array([0.9, -0.5, 1.4])
    x, y, z = (np.eye(3) + skew(delta)) @ TILTED @ point + t
    camera = np.array([[1.5 / z, 0.0, -1.5 * x / z**2], [0.0, 1.5 / z, -1.5 * y / z**2]])
    return -camera @ skew(point), camera


WRONG_JACOBIANS["reprojection: point not rotated"] = Case(
    turned_point,
    turned_point_jacobian,
    (np.array([0.03, -0.02, 0.05]), np.array([0.1, -0.3, 2.4])),
    "the skew matrix is that of the point before its rotation, not of the rotated point",
)


# borglab/gtsam #807: which sign is that of the right Jacobian
def rodrigues(omega):
    theta = np.sqrt((omega**2).sum())
    K = skew(omega / theta)
    return (np.eye(3) + np.sin(theta) * K + (1.0 - np.cos(theta)) * (K @ K)) @ np.array(
        [0.7, -1.2, 0.5]
    )


def rotation_and_left_jacobian(omega):
    theta = np.linalg.norm(omega)
    K = skew(omega / theta)
    R = np.eye(3) + math.sin(theta) * K + (1.0 - math.cos(theta)) * K @ K
    left = np.eye(3) + (1.0 - math.cos(theta)) / theta * K
    return R, left + (1.0 - math.sin(theta) / theta) * K @ K


def rodrigues_left(omega):
    R, left = rotation_and_left_jacobian(omega)
    return -R @ skew([0.7, -1.2, 0.5]) @ left


WRONG_JACOBIANS["rotation vector: left Jacobian for the right one"] = Case(
    rodrigues,
    rodrigues_left,
    (np.array([0.5, -0.8, 0.3]),),
    "the left Jacobian of the rotation stands for the right one: the sign of its odd part",
)


# Soldann/MORB_SLAM #31
def between(first, second):
    c, s = np.cos(first[2]), np.sin(first[2])
    dx, dy = second[0] - first[0], second[1] - first[1]
    return np.array([c * dx + s * dy, -s * dx + c * dy, second[2] - first[2]])


def between_jacobian(first, second):
    c, s = math.cos(first[2]), math.sin(first[2])
    dx, dy = second[:2] - first[:2]
    by_first = np.array([[-c, -s, -s * dx + c * dy], [s, -c, -c * dx - s * dy], [0.0, 0.0, 1.0]])
    return by_first, np.array([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]])


WRONG_JACOBIANS["difference of poses: 1 for -1"] = Case(
    between,
    between_jacobian,
    (np.array([0.2, 0.9, 0.4]), np.array([1.6, -0.5, 1.1])),
    "the derivative of the difference of the headings by the first one is -1, not 1",
)


# byu-magicc/roscopter #8
def body_acceleration(v, angles, rates):
    phi, theta = angles
    p, q, r = rates
    return np.array(
        [
            -9.81 * np.sin(theta) + r * v[1] - q * v[2],
            9.81 * np.cos(theta) * np.sin(phi) + p * v[2] - r * v[0],
        ]
    )


def body_acceleration_jacobian(v, angles, rates):
    phi, theta = angles
    p, q, r = rates
    sp, cp, st, ct = math.sin(phi), math.cos(phi), math.sin(theta), math.cos(theta)
    return (
        np.array([[0.0, r, -q], [-r, 0.0, p]]),
        9.81 * np.array([[0.0, ct], [-ct * cp, st * sp]]),
        np.array([[0.0, -v[2], v[1]], [v[2], 0.0, -v[0]]]),
    )


WRONG_JACOBIANS["copter: gravity upwards"] = Case(
    body_acceleration,
    body_acceleration_jacobian,
    (np.array([1.2, -0.4, 0.3]), np.array([0.2, -0.35]), np.array([0.5, 0.8, -0.6])),
    "gravity has the wrong sign in the whole block of the angles",
)


# --- Wrong Jacobians: equations that are solved --------------------------------------------------


# SciML/DiffEqProblemLibrary.jl pull request #159
def van_der_pol(u, mu):
    return [u[1], mu * ((1.0 - u[0] ** 2) * u[1] - u[0])]


def van_der_pol_jacobian(u, mu):
    x, y = u
    return (
        np.array([[0.0, 1.0], [mu * (-2.0 * x - 1.0), mu * (1.0 - x**2)]]),
        np.array([0.0, (1.0 - x**2) * y - x]),
    )


WRONG_JACOBIANS["van der Pol: a factor lost"] = Case(
    van_der_pol,
    van_der_pol_jacobian,
    (np.array([1.3, -0.7]), 2.5),
    "the derivative of (1 - x**2) y with respect to x lacks the factor y",
)


# SLACKHA/accelerInt #6: the order in which the entries are stored
def oregonator(y):
    return np.array(
        [
            7.7 * (y[1] + y[0] * (1.0 - 0.08 * y[0] - y[1])),
            (y[2] - (1.0 + y[0]) * y[1]) / 7.7,
            0.16 * (y[0] - y[2]),
        ]
    )


def oregonator_jacobian(y):
    J = np.empty(9)
    J[0] = 7.7 * (1.0 - 0.16 * y[0] - y[1])
    J[1] = 7.7 * (1.0 - y[0])
    J[2] = 0.0
    J[3], J[4], J[5] = -y[1] / 7.7, -(1.0 + y[0]) / 7.7, 1.0 / 7.7
    J[6], J[7], J[8] = 0.16, 0.0, -0.16
    return J.reshape((3, 3), order="F")


WRONG_JACOBIANS["Oregonator: rows as columns"] = Case(
    oregonator,
    oregonator_jacobian,
    (np.array([1.4, 0.6, 2.2]),),
    "the matrix is transposed: what was stored by rows is read by columns",
)


# textbook
def robertson(y, k):
    return np.array(
        [
            -k[0] * y[0] + k[1] * y[1] * y[2],
            k[0] * y[0] - k[1] * y[1] * y[2] - k[2] * y[1] ** 2,
            k[2] * y[1] ** 2,
        ]
    )


def robertson_jacobian(y, k):
    return np.array(
        [
            [-k[0], k[1] * y[2], k[1] * y[1]],
            [k[0], -k[1] * y[2] - k[2] * y[1], -k[1] * y[1]],
            [0.0, k[2] * y[1], 0.0],
        ]
    ), np.array(
        [
            [-y[0], y[1] * y[2], 0.0],
            [y[0], -y[1] * y[2], -(y[1] ** 2)],
            [0.0, 0.0, y[1] ** 2],
        ]
    )


WRONG_JACOBIANS["Robertson: 2 of the square lost"] = Case(
    robertson,
    robertson_jacobian,
    (np.array([0.9, 0.4, 0.6]), np.array([0.04, 1.5, 2.2])),
    "the derivative of the second concentration squared lacks the factor 2, in two rows",
)


# AMReX-Astro/Microphysics #729
def burning(e, X):
    T = e / (1.5 + X[0])
    rate = np.exp(-1.2 / T) * X[0] * X[1]
    return np.array([-rate, -0.5 * rate, 3.0 * rate])


def burning_jacobian(e, X):
    c = 1.5 + X[0]
    T = e / c
    k = math.exp(-1.2 / T)
    by_T = 1.2 / T**2 * k * X[0] * X[1]
    shares = np.array([-1.0, -0.5, 3.0])
    return shares * by_T / c, np.outer(shares, k * np.array([X[1], X[0]]))


WRONG_JACOBIANS["burning: way through the temperature missing"] = Case(
    burning,
    burning_jacobian,
    (2.3, np.array([0.6, 0.3])),
    "the temperature depends on the first mass fraction at a fixed energy; this way is missing",
)


# mutationpp/Mutationpp pull request #96
def dissociation(rho):
    n2, n, o2 = rho
    by_atoms, by_all = 1.7 * n2 * n, 0.6 * n2 * (n2 + o2)
    return {"N2": -by_atoms - by_all, "N": 2.0 * (by_atoms + by_all)}


def dissociation_jacobian(rho):
    n2, n, o2 = rho
    row = np.array([1.7 * n + 0.6 * (n2 + o2) + 0.6 * n2, 1.7 * n2 + 1.7 * n2, 0.6 * n2])
    return {"N2": -row, "N": 2.0 * row}


WRONG_JACOBIANS["dissociation: counted as a third body once more"] = Case(
    dissociation,
    dissociation_jacobian,
    (np.array([0.8, 0.5, 0.3]),),
    "the derivative by the atoms counts them twice, as reactant and as third body",
)


GRID = np.array(
    [
        [2.5 - 9.0j, -1.5 + 5.0j, -1.0 + 4.0j],
        [-1.5 + 5.0j, 2.2 - 7.5j, -0.7 + 2.5j],
        [-1.0 + 4.0j, -0.7 + 2.5j, 1.7 - 6.5j],
    ]
)


# textbook: the diagonal of the block of Q by angles
def injections(theta, V):
    p, q = [], []
    for i in range(3):
        p.append(0.0)
        q.append(0.0)
        for k in range(3):
            angle = theta[i] - theta[k]
            p[i] = p[i] + V[i] * V[k] * (GRID.real[i, k] * np.cos(angle))
            p[i] = p[i] + V[i] * V[k] * (GRID.imag[i, k] * np.sin(angle))
            q[i] = q[i] + V[i] * V[k] * (GRID.real[i, k] * np.sin(angle))
            q[i] = q[i] - V[i] * V[k] * (GRID.imag[i, k] * np.cos(angle))
    return {"P": np.array(p), "Q": np.array(q)}


def injections_jacobian(theta, V):
    U = V * np.exp(1j * theta)
    injected = U * np.conj(GRID @ U)
    by_theta = 1j * (np.diag(injected) - U[:, None] * np.conj(GRID * U))
    by_V = U[:, None] * np.conj(GRID * np.exp(1j * theta))
    by_V = by_V + np.diag(np.conj(GRID @ U) * np.exp(1j * theta))
    P, Q = np.real(by_theta).copy(), np.imag(by_theta).copy()
    np.fill_diagonal(Q, injected.real + GRID.real.diagonal() * V**2)
    return {"P": (P, by_V.real), "Q": (Q, by_V.imag)}


WRONG_JACOBIANS["power flow: sign on the diagonal"] = Case(
    injections,
    injections_jacobian,
    (np.array([0.0, -0.15, 0.1]), np.array([1.02, 0.97, 1.05])),
    "on the diagonal of reactive power by angle, G V**2 is added to P instead of subtracted",
)


# textbook
def predator_prey(u, p):
    return np.array([p[0] * u[0] - p[1] * u[0] * u[1], p[2] * u[0] * u[1] - p[3] * u[1]])


def predator_prey_jacobian(u, p):
    x, y = u
    return {
        "u": np.array([[p[0] - p[1] * y, -p[1] * y], [p[2] * y, p[2] * x - p[3]]]),
        "p": np.array([[x, -x * y, 0.0, 0.0], [0.0, 0.0, x * y, -y]]),
    }


WRONG_JACOBIANS["predator and prey: y for x"] = Case(
    predator_prey,
    predator_prey_jacobian,
    (np.array([1.8, 0.7]), np.array([1.1, 0.4, 0.3, 0.9])),
    "the derivative of the first equation by the predators has their own number for the prey's",
)

# --- Wrong Jacobians: coordinates, residuals, layers ---------------------------------------------


# gyselax/gyselalibxx pull request #243
def to_cylinder(p):
    x, y, z = p
    return np.array([np.sqrt(x**2 + y**2), np.arctan2(y, x), z])


def to_cylinder_jacobian(p):
    x, y, _ = p
    q = x**2 + y**2
    return np.array(
        [
            [2.0 * x / math.sqrt(q), 2.0 * y / math.sqrt(q), 0.0],
            [-y / q, x / q, 0.0],
            [0.0, 0.0, 1.0],
        ]
    )


WRONG_JACOBIANS["cylinder: 1/2 of the root lost"] = Case(
    to_cylinder,
    to_cylinder_jacobian,
    (np.array([0.9, -1.4, 0.3]),),
    "the derivative of the square root lacks its 1/2: the whole row of the radius is doubled",
)


# acts-project/acts pull request #112
def direction_angles(t):
    return np.array(
        [np.arctan2(t[1], t[0]), np.arccos(t[2] / np.sqrt(t[0] ** 2 + t[1] ** 2 + t[2] ** 2))]
    )


def direction_angles_jacobian(t):
    across, length = math.hypot(t[0], t[1]), np.linalg.norm(t)
    cosine = t[2] / length
    return np.array(
        [
            [-t[1] / across**2, t[0] / across**2, 0.0],
            [0.0, 0.0, -1.0 / (length * math.sqrt(1.0 - cosine**2))],
        ]
    )


WRONG_JACOBIANS["direction: length as a constant"] = Case(
    direction_angles,
    direction_angles_jacobian,
    (np.array([0.6, -0.9, 1.1]),),
    "the length by which the last component is divided is treated as a constant",
)


# JuliaMath/Calculus.jl #37
def polar_degrees(r, phi):
    return np.array([r * np.cos(np.deg2rad(phi)), r * np.sin(np.deg2rad(phi))])


def polar_degrees_jacobian(r, phi):
    c, s = math.cos(math.radians(phi)), math.sin(math.radians(phi))
    return [[c, -r * s], [s, r * c]]


WRONG_JACOBIANS["polar: degrees"] = Case(
    polar_degrees,
    polar_degrees_jacobian,
    (1.7, 38.0),
    "the angle is in degrees; its column lacks pi / 180",
)


# math.techqa.club, Jacobian of sinc(|x| / 2) x / 2
def sinc_vector(x):
    return 0.5 * x * np.sinc(0.5 * np.sqrt((x**2).sum()))


def sinc_vector_jacobian(x):
    norm = np.linalg.norm(x)
    half = 0.5 * norm
    slope = 2.0 / norm**3 * (half * math.cos(half) - math.sin(half))
    return 0.5 * (slope * np.outer(x, x) + np.sinc(half) * np.eye(3))


WRONG_JACOBIANS["sinc: the other one"] = Case(
    sinc_vector,
    sinc_vector_jacobian,
    (np.array([0.29, 0.19, 0.82]),),
    "np.sinc is sin(pi x) / (pi x), its derivative was taken for sin(x) / x",
)

TIMES = np.array([0.2, 0.9, 1.7, 2.6])
MEASURED = np.array([1.9, 1.1, 0.8, 0.3])
SPREAD = np.array([0.3, 0.2, 0.5, 0.4])


# a thread "Another leastsq Jacobian bug" of the mailing list of SciPy users
def parabola(params):
    return params[0] * (TIMES - params[1]) ** 2 - MEASURED


def parabola_superfluous(params):
    return np.column_stack(
        [(TIMES - params[1]) ** 2, -2.0 * params[0] * (TIMES - params[1]) * params[1]]
    )


WRONG_JACOBIANS["parabola: a factor too much"] = Case(
    parabola,
    parabola_superfluous,
    (np.array([1.3, 0.6]),),
    "the column of the vertex is multiplied by the vertex: a chain rule that is not there",
)


# scipy/scipy #5068
def weighted_decay(params):
    return (params[0] * np.exp(-params[1] * TIMES) + params[2] - MEASURED) / SPREAD


def decay_jacobian(params):
    decay = np.exp(-params[1] * TIMES)
    return np.column_stack([decay, -params[0] * TIMES * decay, np.ones(4)])


WRONG_JACOBIANS["decay: not divided by the spread"] = Case(
    weighted_decay,
    decay_jacobian,
    (np.array([1.8, 0.7, 0.2]),),
    "the residuals are divided by their standard deviations, the rows of the Jacobian are not",
)


# IlyaKuprov/Spinach pull request #363
ANGLES = np.array([0.3, 1.1, 2.0, 2.9])


def karplus(params):
    return params[0] * np.cos(ANGLES) ** 2 + params[1] * np.cos(ANGLES) + params[2] - MEASURED


def karplus_jacobian(params):
    plain = np.column_stack([np.cos(ANGLES) ** 2, np.cos(ANGLES), np.ones(4)])
    return 2.0 * (plain @ params - MEASURED)[:, None] * plain


WRONG_JACOBIANS["Karplus: of the squared residuals"] = Case(
    karplus,
    karplus_jacobian,
    (np.array([7.0, -1.2, 0.7]),),
    "each row is multiplied by twice its residual: the Jacobian of the squared residuals",
)


# deeplearning4j/libnd4j #440, SebLague/Neural-Network-Experiments pull request #5
def softmax_diagonal(z):
    p = softmax(z)
    return np.diag(p * (1.0 - p))


WRONG_JACOBIANS["softmax: only the diagonal"] = Case(
    softmax,
    softmax_diagonal,
    (np.array([0.3, -0.8, 1.2, 0.5]),),
    "every output of softmax depends on every input; the entries off the diagonal are missing",
)


# from experience
def log_softmax(z):
    return z - logsumexp(z)


def log_softmax_jacobian(z):
    p = softmax(z)
    return np.eye(len(z)) - np.outer(p, np.ones(len(z)))


WRONG_JACOBIANS["log-softmax: probabilities along rows"] = Case(
    log_softmax,
    log_softmax_jacobian,
    (np.array([0.3, -0.8, 1.2]),),
    "the matrix is transposed: the probability of the column is to be subtracted, not the row's",
)


# from experience
def layer_norm(x, gain):
    centred = x - x.mean()
    return gain * centred / np.sqrt((centred**2).mean() + 1e-5)


def layer_norm_jacobian(x, gain):
    centred = x - x.mean()
    deviation = math.sqrt((centred**2).mean() + 1e-5)
    by_x = gain[:, None] * (np.eye(4) - 0.25) / deviation
    return by_x, np.diag(centred / deviation)


WRONG_JACOBIANS["layer norm: deviation as a constant"] = Case(
    layer_norm,
    layer_norm_jacobian,
    (np.array([0.5, -1.1, 1.3, 0.4]), np.array([1.2, 0.8, -0.5, 1.6])),
    "the standard deviation is treated as a constant",
)

# --- Right Jacobians -----------------------------------------------------------------------------


# baidu/ICE-BA #38: taken for wrong, since the image point is reused
def inverse_depth(u):
    direction = TILTED @ np.array([0.3, -0.2, 1.0])
    p = direction + u * np.array([0.4, -0.1, 0.25])
    return np.array([p[0] / p[2], p[1] / p[2]])


def inverse_depth_jacobian(u):
    t = np.array([0.4, -0.1, 0.25])
    x, y, z = TILTED @ np.array([0.3, -0.2, 1.0]) + u * t
    return np.array([[(t[0] - x / z * t[2]) / z], [(t[1] - y / z * t[2]) / z]])


RIGHT_JACOBIANS["inverse depth: image point reused"] = Case(
    inverse_depth, inverse_depth_jacobian, (0.6,), ""
)


# RainerKuemmerle/g2o #550: taken for wrong, since only the rotation of the measurement comes in
def edge_se2(first, second):
    e = between(first, second) - np.array([0.5, 0.2, 0.3])
    c, s = math.cos(0.3), math.sin(0.3)
    return np.array([c * e[0] + s * e[1], -s * e[0] + c * e[1], e[2]])


def edge_se2_jacobian(first, second):
    c, s = math.cos(first[2]), math.sin(first[2])
    dx, dy = second[:2] - first[:2]
    z = np.eye(3)
    z[:2, :2] = [[math.cos(0.3), math.sin(0.3)], [-math.sin(0.3), math.cos(0.3)]]
    by_first = [[-c, -s, -s * dx + c * dy], [s, -c, -c * dx - s * dy], [0.0, 0.0, -1.0]]
    return z @ by_first, z @ [[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]]


RIGHT_JACOBIANS["edge of a pose graph: only rotated"] = Case(
    edge_se2, edge_se2_jacobian, (np.array([0.2, 0.9, 0.4]), np.array([1.6, -0.5, 1.1])), ""
)


# strasdat/Sophus #439, liangheming/iG-LIO_SAM_LC #5: the right Jacobian is the left transposed
def rodrigues_right(omega):
    theta = np.linalg.norm(omega)
    axis = omega / theta
    R, _ = rotation_and_left_jacobian(omega)
    left = math.sin(theta) / theta * np.eye(3) + (1.0 - math.cos(theta)) / theta * skew(axis)
    left += (1.0 - math.sin(theta) / theta) * np.outer(axis, axis)
    return -R @ skew([0.7, -1.2, 0.5]) @ left.T


RIGHT_JACOBIANS["rotation vector: left Jacobian transposed"] = Case(
    rodrigues, rodrigues_right, (np.array([0.5, -0.8, 0.3]),), ""
)


# cra-ros-pkg/robot_localization #680: taken for wrong, but sin / cos**2 is tan / cos
def euler_step_right(angles, rates):
    J = euler_step_jacobian(angles, rates)
    (roll, pitch, _), (_, q, r) = angles, rates
    inner = q * math.sin(roll) + r * math.cos(roll)
    J["angles"][2, 1] = DT * inner * math.tan(pitch) / math.cos(pitch)
    J["angles"][0, 1] = DT * inner * (1.0 + math.tan(pitch) ** 2)
    return J


RIGHT_JACOBIANS["Euler angles: tan / cos"] = Case(
    euler_step,
    euler_step_right,
    (np.array([0.3, -0.5, 1.2]), np.array([0.7, -1.1, 0.9])),
    "",
)


# AtsushiSakai/PythonRobotics #373: x and v are constants when the derivative is by the yaw
def constant_velocity_right(state):
    F = np.eye(4)
    step = constant_velocity(state)[:2] - state[:2]
    F[:2, 2] = -step[1], step[0]
    F[:2, 3] = step / state[3]
    return F


RIGHT_JACOBIANS["constant velocity: the step turned"] = Case(
    constant_velocity, constant_velocity_right, (np.array([0.3, -0.8, 1.1, 1.7]),), ""
)


# karanchawla/GPS_IMU_Kalman_Filter #10, put right, with sums of angles as products
def constant_turn_right(state):
    _, _, psi, v, omega = state
    middle, half = psi + 0.5 * omega * DT, 0.5 * omega * DT
    chord = 2.0 * math.sin(half) / omega
    J = np.eye(5)
    J[0, 2], J[1, 2] = -v * chord * math.sin(middle), v * chord * math.cos(middle)
    J[0, 3], J[1, 3] = chord * math.cos(middle), chord * math.sin(middle)
    change = (DT * math.cos(half) - chord) / omega
    J[0, 4] = v * (change * math.cos(middle) - 0.5 * DT * chord * math.sin(middle))
    J[1, 4] = v * (change * math.sin(middle) + 0.5 * DT * chord * math.cos(middle))
    J[2, 4] = DT
    return J


RIGHT_JACOBIANS["constant turn rate: chord and middle heading"] = Case(
    constant_turn, constant_turn_right, (np.array([0.2, 0.7, 0.8, 2.1, 0.9]),), ""
)


# textbook: the cross product of the axis with the arm
def arm_with_angle(q):
    a, b, c = q[0], q[0] + q[1], q[0] + q[1] + q[2]
    return np.array(
        [
            np.cos(a) + 0.8 * np.cos(b) + 0.3 * np.cos(c),
            np.sin(a) + 0.8 * np.sin(b) + 0.3 * np.sin(c),
            c,
        ]
    )


def arm_with_angle_jacobian(q):
    joints, angle = [np.zeros(2)], 0.0
    for turn, length in zip(q, (1.0, 0.8, 0.3), strict=True):
        angle += turn
        joints.append(joints[-1] + length * np.array([math.cos(angle), math.sin(angle)]))
    arms = joints[-1] - np.array(joints[:-1])
    return np.array([-arms[:, 1], arms[:, 0], np.ones(3)])


RIGHT_JACOBIANS["planar arm: from the joints' positions"] = Case(
    arm_with_angle, arm_with_angle_jacobian, (np.array([0.5, 0.9, -0.4]),), ""
)


# PX4/PX4-Matrix #27: products of quaternions as matrices
def quaternion_rate(q, w):
    return np.array(
        [
            0.5 * (-q[1] * w[0] - q[2] * w[1] - q[3] * w[2]),
            0.5 * (q[0] * w[0] + q[2] * w[2] - q[3] * w[1]),
            0.5 * (q[0] * w[1] - q[1] * w[2] + q[3] * w[0]),
            0.5 * (q[0] * w[2] + q[1] * w[1] - q[2] * w[0]),
        ]
    )


def quaternion_rate_jacobian(q, w):
    Omega = np.zeros((4, 4))
    Omega[0, 1:], Omega[1:, 0] = -w, w
    Omega[1:, 1:] = -skew(w)
    return 0.5 * Omega, 0.5 * np.vstack([-q[1:], q[0] * np.eye(3) + skew(q[1:])])


RIGHT_JACOBIANS["quaternion: rate as matrices"] = Case(
    quaternion_rate,
    quaternion_rate_jacobian,
    (np.array([0.8, -0.3, 0.4, 0.33]), np.array([0.7, 1.2, -0.5])),
    "",
)


# MachineLearningLifeScience/stochman #14
def softmax_jacobian(z):
    p = softmax(z)
    return np.diag(p) - np.outer(p, p)


RIGHT_JACOBIANS["softmax: from its output"] = Case(
    softmax, softmax_jacobian, (np.array([0.3, -0.8, 1.2, 0.5]),), ""
)


# JuliaDiff/ForwardDiff.jl #556: the derivative at 0 degrees is not 1
def polar_degrees_right(r, phi):
    x, y = polar_degrees(r, phi)
    return {"r": np.array([x, y]) / r, "phi": math.pi / 180.0 * np.array([-y, x])}


RIGHT_JACOBIANS["polar: degrees"] = Case(polar_degrees, polar_degrees_right, (1.7, 38.0), "")


# the thread "Another leastsq Jacobian bug" of the mailing list of SciPy users, as it was asked
def parabola_right(params):
    J = np.empty((2, 4))
    J[0] = (TIMES - params[1]) ** 2
    J[1] = -2.0 * params[0] * (TIMES - params[1])
    return J.T


RIGHT_JACOBIANS["parabola: without the factor"] = Case(
    parabola, parabola_right, (np.array([1.3, 0.6]),), ""
)


# eigenergy/powerio pull request #430: complex matrices, for both parts of the power at once
def injections_right(theta, V):
    U = V * np.exp(1j * theta)
    current = GRID @ U
    by_theta = 1j * np.diag(U) @ np.conj(np.diag(current) - GRID @ np.diag(U))
    by_V = np.diag(U) @ np.conj(GRID @ np.diag(U / V)) + np.diag(np.conj(current) * U / V)
    return {"P": (by_theta.real, by_V.real), "Q": (by_theta.imag, by_V.imag)}


RIGHT_JACOBIANS["power flow: complex"] = Case(
    injections,
    injections_right,
    (np.array([0.0, -0.15, 0.1]), np.array([1.02, 0.97, 1.05])),
    "",
)


# textbook: from the output, in one matrix
def layer_norm_right(x, gain):
    centred = x - x.mean()
    variance = (centred**2).mean() + 1e-5
    z = centred / math.sqrt(variance)
    project = np.eye(4) - 0.25 * (np.ones((4, 4)) + np.outer(z, z))
    return {"x": gain[:, None] * project / math.sqrt(variance), "gain": np.diag(z)}


RIGHT_JACOBIANS["layer norm: two projections"] = Case(
    layer_norm,
    layer_norm_right,
    (np.array([0.5, -1.1, 1.3, 0.4]), np.array([1.2, 0.8, -0.5, 1.6])),
    "",
)


# textbook: the inverse of the Jacobian of the inverse
def spherical(p):
    across = np.sqrt(p[0] ** 2 + p[1] ** 2)
    return np.array(
        [
            np.sqrt(p[0] ** 2 + p[1] ** 2 + p[2] ** 2),
            np.arctan2(across, p[2]),
            np.arctan2(p[1], p[0]),
        ]
    )


def spherical_jacobian(p):
    r, theta, phi = spherical(p)
    st, ct, sp, cp = math.sin(theta), math.cos(theta), math.sin(phi), math.cos(phi)
    back = [
        [st * cp, r * ct * cp, -r * st * sp],
        [st * sp, r * ct * sp, r * st * cp],
        [ct, -r * st, 0.0],
    ]
    return np.linalg.inv(back)


RIGHT_JACOBIANS["spherical: the inverse's inverse"] = Case(
    spherical, spherical_jacobian, (np.array([0.9, -1.4, 0.6]),), ""
)


# borglab/gtsam #770: the implicit function theorem, here where the iteration has converged
def undistorted(f, pixel):
    r = np.sqrt(pixel[0] ** 2 + pixel[1] ** 2) / f
    x = r
    for _ in range(30):
        x = x - (x - 0.1 * x**3 - r) / (1.0 - 0.3 * x**2)
    return np.array([pixel[0] / (f * r) * x, pixel[1] / (f * r) * x])


def undistorted_jacobian(f, pixel):
    u = undistorted(f, pixel)
    q = u @ u
    D = f * ((1.0 - 0.1 * q) * np.eye(2) - 0.2 * np.outer(u, u))
    by_f = u * (1.0 - 0.1 * q)
    return -np.linalg.solve(D, by_f), np.linalg.inv(D)


RIGHT_JACOBIANS["calibration: implicit"] = Case(
    undistorted, undistorted_jacobian, (1.6, np.array([0.7, -0.5])), ""
)

# --- Wrong Hessians: optimisation ----------------------------------------------------------------


# PatWie/CppNumericalSolvers #117
def rosenbrock(x):
    return (1.0 - x[0]) ** 2 + 100.0 * (x[1] - x[0] ** 2) ** 2


def rosenbrock_hessian(x):
    return np.array(
        [
            [1200.0 * x[0] ** 2 - 400.0 * x[1] + 1.0, -400.0 * x[0]],
            [-400.0 * x[0], 200.0],
        ]
    )


WRONG_HESSIANS["Rosenbrock: 1 for 2"] = Case(
    rosenbrock,
    rosenbrock_hessian,
    (np.array([-1.2, 1.1]),),
    "the first entry has 1 where 2 belongs",
)


# JuliaNLSolvers/Optim.jl #226
def powell(x):
    return (
        (x[0] + 10.0 * x[1]) ** 2
        + 5.0 * (x[2] - x[3]) ** 2
        + (x[1] - 2.0 * x[2]) ** 4
        + 10.0 * (x[0] - x[3]) ** 4
    )


def powell_hessian(x):
    a, b = 12.0 * (x[1] - 2.0 * x[2]) ** 2, 120.0 * (x[0] - x[3]) ** 2
    return np.array(
        [
            [2.0 + b, 20.0, 0.0, 0.0],
            [20.0, 200.0 + a, -2.0 * a, 0.0],
            [0.0, -2.0 * a, 10.0 + 4.0 * a, -10.0],
            [0.0, 0.0, -10.0, 10.0 + b],
        ]
    )


WRONG_HESSIANS["Powell: corners of zeros"] = Case(
    powell,
    powell_hessian,
    (np.array([1.3, -0.6, 0.4, 0.5]),),
    "the mixed derivative by the first and the last variable is -120 (x0 - x3)**2, not 0",
)


# yajiken0609/topology-optimization-book #2
def himmelblau(x):
    return (x[0] ** 2 + x[1] - 11.0) ** 2 + (x[0] + x[1] ** 2 - 7.0) ** 2


def himmelblau_hessian(x):
    first, second = x[0] ** 2 + x[1] - 11.0, x[0] + x[1] ** 2 - 7.0
    mixed = 4.0 * (x[0] + x[1])
    return [[4.0 * first + 8.0 * x[0] + 2.0, mixed], [mixed, 4.0 * second + 8.0 * x[1] + 2.0]]


WRONG_HESSIANS["Himmelblau: squares lost"] = Case(
    himmelblau,
    himmelblau_hessian,
    (np.array([2.4, -1.3]),),
    "on the diagonal, 8 x stands where 8 x**2 belongs",
)


# JuliaDiff/ForwardDiff.jl #488: an automatic derivative was blamed
def saddle(x):
    return 0.5 * (x[0] ** 2 - x[1] ** 2) * np.exp(-(x[0] ** 2 + x[1] ** 2) / 0.2)


def saddle_hessian(p):
    (x, y), s = p, 0.2
    xx = 2.0 * x**4 + s * (y**2 + s) - x**2 * (2.0 * y**2 + 5.0 * s)
    xy = 2.0 * x * y * (x**2 - y**2)
    yy = -2.0 * y**4 + s * y**2 * s - s**2 + x**2 * (2.0 * y**2 - s)
    return math.exp(-(x**2 + y**2) / s) / s**2 * np.array([[xx, xy], [xy, yy]])


WRONG_HESSIANS["saddle: s for 5"] = Case(
    saddle,
    saddle_hessian,
    (np.array([0.42, 0.39]),),
    "in the last entry, a term has the width once more where its factor 5 belongs",
)


# mechmotum/cyipopt #143
def product(x):
    return x[0] * x[3] * (x[0] + x[1] + x[2]) + x[2] ** 2


def product_hessian(x):
    H = np.zeros((4, 4))
    H[0, 0], H[2, 2] = 2.0 * x[3], 2.0
    H[1, 0] = H[2, 0] = x[3]
    H[3, 0] = 2.0 * x[0] + x[1] + x[2]
    H[3, 1] = H[3, 2] = x[0]
    H[np.triu_indices(4, 1)] = H.T[np.triu_indices(4, 1)]
    return H + np.tril(H, -1) + np.triu(H, 1)


WRONG_HESSIANS["triangles: mixed derivatives twice"] = Case(
    product,
    product_hessian,
    (np.array([1.2, 0.7, -0.5, 1.6]),),
    "all mixed derivatives are doubled, the diagonal is right",
)


# jkitchin/pounce #923: there on purpose
def decay_loss(p):
    return 0.5 * ((p[0] * np.exp(-p[1] * TIMES) + p[2] - MEASURED) ** 2).sum()


def decay_gauss_newton(p):
    J = decay_jacobian(p)
    return J.T @ J


WRONG_HESSIANS["decay: Gauss and Newton"] = Case(
    decay_loss,
    decay_gauss_newton,
    (np.array([1.2, 0.4, 0.2]),),
    "the second derivatives of the residuals are missing: it is the matrix of Gauss and Newton",
)


# ceres-solver/ceres-solver #1072: the 2 was taken for a mistake of the documentation
def robust(p):
    f = TIMES * p[0] + p[1] - MEASURED
    return 0.5 * np.log(1.0 + (f**2).sum())


def robust_hessian(p):
    J = np.column_stack([TIMES, np.ones(4)])
    f = J @ p - MEASURED
    s = f @ f
    return J.T @ (np.eye(4) / (1.0 + s) - np.outer(f, f) / (1.0 + s) ** 2) @ J


WRONG_HESSIANS["robust loss: 2 missing"] = Case(
    robust,
    robust_hessian,
    (np.array([-0.4, 1.1]),),
    "the term of the second derivative of the loss lacks the factor 2",
)

# --- Wrong Hessians: statistics and finance ------------------------------------------------------

DESIGN = np.array([[1.0, 0.4], [1.0, -1.2], [1.0, 2.1], [1.0, 0.7], [1.0, -0.5]])
LABELS = np.array([1.0, 0.0, 1.0, 0.0, 1.0])
COUNTS = np.array([2.0, 0.0, 5.0, 1.0, 3.0])


# timothyb0912/pylogit #31
def ridge_logit(beta):
    z = DESIGN @ beta
    return (LABELS * z - softplus(z)).sum() - 0.3 * (beta**2).sum()


def ridge_logit_hessian(beta):
    p = 1.0 / (1.0 + np.exp(-DESIGN @ beta))
    H = -DESIGN.T @ (DESIGN * (p * (1.0 - p))[:, None])
    H -= 2.0 * 0.3
    return H


WRONG_HESSIANS["ridge: off the diagonal too"] = Case(
    ridge_logit,
    ridge_logit_hessian,
    (np.array([0.3, -0.7]),),
    "the second derivative of the penalty is subtracted from all entries, not from the diagonal",
)


# statsmodels/statsmodels #9469
def concentrated(beta):
    return -2.5 * np.log(((DESIGN @ beta - COUNTS) ** 2).sum())


def concentrated_hessian(beta):
    r = DESIGN @ beta - COUNTS
    ssr, ssrp = r @ r, 2.0 * DESIGN.T @ r
    return -2.5 * (DESIGN.T @ DESIGN / ssr - np.outer(ssrp, ssrp) / ssr**2)


WRONG_HESSIANS["least squares: 2 of the second derivative lost"] = Case(
    concentrated,
    concentrated_hessian,
    (np.array([1.5, 0.6]),),
    "the second derivative of the sum of squares is 2 X'X, here X'X",
)


# dmlc/xgboost #5769, #10258
def cross_entropy(z):
    return logsumexp(z) - z[1]


def cross_entropy_doubled(z):
    p = softmax(z)
    return np.diag(2.0 * p * (1.0 - p))


WRONG_HESSIANS["cross-entropy: doubled diagonal"] = Case(
    cross_entropy,
    cross_entropy_doubled,
    (np.array([0.3, -0.8, 1.2]),),
    "the diagonal is doubled, and the entries off it are missing",
)


# UCL/STIR #911
SYSTEM = np.array([[0.8, 0.3, 0.1], [0.2, 0.9, 0.4], [0.5, 0.1, 0.7], [0.3, 0.6, 0.2]])


def emission(activity):
    mean = SYSTEM @ activity + 0.2
    return (np.array([3.0, 5.0, 2.0, 4.0]) * np.log(mean) - mean).sum()


def emission_hessian(activity):
    mean = SYSTEM @ activity + 0.2
    return SYSTEM.T @ np.diag(np.array([3.0, 5.0, 2.0, 4.0]) / mean**2) @ SYSTEM


WRONG_HESSIANS["emission: sign of the logarithm"] = Case(
    emission,
    emission_hessian,
    (np.array([1.4, 2.2, 0.9]),),
    "the log-likelihood is concave: the sign of the whole matrix is wrong",
)


# SauersML/gam #2340
def wiggle(t, w):
    q = -0.7 * t
    return np.log(1.0 + np.exp(q + w[0] * q**2 + w[1] * q**3))


def wiggle_hessian(t, w):
    c = -0.7
    q = c * t
    basis, slope = np.array([q**2, q**3]), np.array([2.0 * q, 3.0 * q**2])
    p = 1.0 / (1.0 + math.exp(-(q + w @ basis)))
    by_t = c * (1.0 + w @ slope)
    tt = p * (1.0 - p) * by_t**2 + p * c**2 * w @ np.array([2.0, 6.0 * q])
    chained = slope * c
    mixed = p * (1.0 - p) * by_t * basis + p * c * chained
    return (tt, mixed), (mixed, p * (1.0 - p) * np.outer(basis, basis))


WRONG_HESSIANS["wiggle: inner derivative twice"] = Case(
    wiggle,
    wiggle_hessian,
    (1.1, np.array([0.3, -0.2])),
    "in the mixed block, one term is multiplied by the inner derivative twice",
)


# textbook
def normal(mu, tau):
    return -5.0 * tau - 0.5 * np.exp(-2.0 * tau) * ((COUNTS - mu) ** 2).sum()


def normal_hessian(mu, tau):
    weight, r = math.exp(-2.0 * tau), COUNTS - mu
    return {
        "mu": {"mu": -5.0 * weight, "tau": 0.0},
        "tau": {"mu": 0.0, "tau": -2.0 * weight * (r @ r)},
    }


WRONG_HESSIANS["normal: expected for observed"] = Case(
    normal,
    normal_hessian,
    (1.7, 0.4),
    "mean and scale are independent in expectation only; their mixed derivative is missing",
)


# domokane/FinancePy pull request #245
def call(S, sigma):
    root = sigma * math.sqrt(1.5)
    d1 = (np.log(S / 110.0) + (0.03 - 0.01 + 0.5 * sigma**2) * 1.5) / root
    discounted = 110.0 * math.exp(-0.03 * 1.5)
    return S * math.exp(-0.01 * 1.5) * ndtr(d1) - discounted * ndtr(d1 - root)


def call_parts(S, sigma):
    root = sigma * math.sqrt(1.5)
    d1 = (math.log(S / 110.0) + (0.03 - 0.01 + 0.5 * sigma**2) * 1.5) / root
    return d1, d1 - root, root, math.exp(-0.01 * 1.5) * pdf(d1)


def call_vanna_wrong(S, sigma):
    d1, d2, root, density = call_parts(S, sigma)
    vanna = density * math.sqrt(1.5) * d2 / sigma
    vomma = S * density * math.sqrt(1.5) * d1 * d2 / sigma
    return [[density / (S * root), vanna], [vanna, vomma]]


WRONG_HESSIANS["vanna: sign and root of time"] = Case(
    call,
    call_vanna_wrong,
    (100.0, 0.25),
    "the mixed derivative has the wrong sign and the root of the time too much",
)


# OpenBB-finance/OpenBB #3749
def call_vomma_wrong(S, sigma):
    _, d2, root, density = call_parts(S, sigma)
    vanna = -density * d2 / sigma
    return (density / (S * root), vanna), (vanna, -density * d2 / sigma)


WRONG_HESSIANS["vomma: copied from vanna"] = Case(
    call,
    call_vomma_wrong,
    (100.0, 0.25),
    "the second derivative by the volatility is a copy of the mixed derivative",
)


# carlobortolan/quantrs pull request #128
def call_gamma_wrong(S, sigma):
    d1, d2, root, density = call_parts(S, sigma)
    vanna = -density * d2 / sigma
    return {
        "S": {"S": pdf(d1) / (S * root), "sigma": vanna},
        "sigma": {"S": vanna, "sigma": S * density * math.sqrt(1.5) * d1 * d2 / sigma},
    }


WRONG_HESSIANS["gamma: dividends not discounted"] = Case(
    call,
    call_gamma_wrong,
    (100.0, 0.25),
    "the second derivative by the price lacks the factor exp(-q T)",
)

# --- Wrong Hessians: energies --------------------------------------------------------------------


# adrn/gala #85
def oscillator(q):
    return 0.5 * (np.array([1.0, 1.3, 0.6]) ** 2 * q**2).sum()


def oscillator_hessian(q):
    return np.diag([1.0, 1.3, 0.6])


WRONG_HESSIANS["oscillator: frequencies not squared"] = Case(
    oscillator,
    oscillator_hessian,
    (np.array([0.5, -0.8, 1.2]),),
    "the diagonal has the frequencies where their squares belong",
)


# jobovy/galpy pull request #912
def flattened(p):
    R, z = p
    m2 = R**2 + z**2 / 0.81 + 0.04
    return -1.0 / 0.5 / m2**0.25


def flattened_hessian(p):
    (R, z), alpha = p, 0.5
    m2 = R**2 + z**2 / 0.81 + 0.04
    one, two = m2 ** (-alpha / 2 - 1), m2 ** (-alpha / 2 - 2)
    mixed = -(alpha + 2.0) * R * z / 0.81 * two
    return np.array(
        [
            [one - (alpha + 1.0) * R**2 * two, mixed],
            [mixed, one / 0.81 - (alpha + 2.0) * z**2 / 0.81**2 * two],
        ]
    )


WRONG_HESSIANS["flattened potential: alpha + 1"] = Case(
    flattened,
    flattened_hessian,
    (np.array([1.1, 0.4]),),
    "the second derivative by the radius has alpha + 1 where alpha + 2 belongs",
)


# google-deepmind/mujoco pull request #3451
def stretch(x, y):
    elongation = ((x - y) ** 2).sum() - 1.0
    return 0.5 * 3.0 * elongation**2


def stretch_hessian(x, y):
    d = 2.0 * (x - y)
    K = 3.0 * np.outer(d, d)
    return (K, -K), (-K, K)


WRONG_HESSIANS["stretch: geometric term"] = Case(
    stretch,
    stretch_hessian,
    (np.array([0.4, 1.1, -0.3]), np.array([-0.5, 0.2, 0.6])),
    "the term of the tension times the second derivative of the elongation is missing",
)


# from experience
def lennard_jones(p):
    s = 1.0 / (p**2).sum()
    return 4.0 * (s**6 - s**3)


def lennard_jones_hessian(p):
    r = np.linalg.norm(p)
    n = p / r
    return 4.0 * (156.0 / r**14 - 42.0 / r**8) * np.outer(n, n)


WRONG_HESSIANS["Lennard-Jones: along the bond only"] = Case(
    lennard_jones,
    lennard_jones_hessian,
    (np.array([0.9, -0.4, 0.6]),),
    "the part across the bond, the force divided by the distance, is missing",
)


# from experience
def pendulums(q):
    a, b = q
    return -2.0 * np.cos(a) - 0.7 * np.cos(a + b) + 0.4 * np.sin(a) * b**2


def pendulums_hessian(q):
    a, b = q
    c = 0.7 * math.cos(a + b)
    mixed = c + 0.8 * b * math.cos(a)
    return np.array(
        [
            [2.0 * math.cos(a) + c - 0.4 * math.sin(a) * b**2, mixed],
            [c + 0.4 * b * math.cos(a), c + 0.8 * math.sin(a)],
        ]
    )


WRONG_HESSIANS["pendulums: not symmetric"] = Case(
    pendulums,
    pendulums_hessian,
    (np.array([0.6, -1.1]),),
    "the lower mixed entry lacks a factor 2 in one term; the upper one is right",
)

# --- Right Hessians ------------------------------------------------------------------------------


# stats.stackexchange.com question 400514: the labels are gone, since their squares are 1
def signed_logit(beta):
    return -np.log(sigmoid((2.0 * LABELS - 1.0) * (DESIGN @ beta))).sum() / 5.0


def signed_logit_hessian(beta):
    s = 1.0 / (1.0 + np.exp(DESIGN @ beta))
    return DESIGN.T @ np.diag(s * (1.0 - s)) @ DESIGN / 5.0


RIGHT_HESSIANS["logistic: labels gone"] = Case(
    signed_logit, signed_logit_hessian, (np.array([0.3, -0.7]),), ""
)


# geeksmental.com, Hessian of the log-likelihood: outer products hold the mixed derivatives too
def logit(beta, offset):
    z = DESIGN @ beta + offset
    return (LABELS * z - softplus(z)).sum()


def logit_hessian(beta, offset):
    p = 1.0 / (1.0 + np.exp(-DESIGN @ beta - offset))
    full = -sum(w * np.outer(x, x) for w, x in zip(p * (1.0 - p), DESIGN, strict=True))
    return (full, full[0]), (full[:, 0], full[0, 0])


RIGHT_HESSIANS["logistic: sum of outer products"] = Case(
    logit, logit_hessian, (np.array([0.3, -0.7]), 0.2), ""
)


# taichi-dev/taichi #7141: the stiffness of a spring
def spring(x, y):
    d = x - y
    return 0.5 * 5.0 * (np.sqrt((d**2).sum()) - 0.8) ** 2


def spring_hessian(x, y):
    d = x - y
    inverse = 1.0 / np.linalg.norm(d)
    K = 5.0 * (np.eye(2) - 0.8 * inverse * (np.eye(2) - np.outer(d, d) * inverse**2))
    return {"x": {"x": K, "y": -K}, "y": {"x": -K, "y": K}}


RIGHT_HESSIANS["spring: identity minus the rest"] = Case(
    spring, spring_hessian, (np.array([0.4, 1.1]), np.array([-0.5, 0.2])), ""
)


# JavierAntoran/Bayesian-Neural-Networks #22
def cross_entropy_hessian(z):
    p = softmax(z)
    H = -p[:, None] * p
    H[np.diag_indices(3)] = p * (1.0 - p)
    return H


RIGHT_HESSIANS["cross-entropy: from the activations"] = Case(
    cross_entropy, cross_entropy_hessian, (np.array([0.3, -0.8, 1.2]),), ""
)


# SauersML/gam #1038: a diagonal and a matrix of rank 2
def entropy(z):
    a = softmax(z / 0.8)
    return (a * np.log(a)).sum()


def entropy_hessian(z):
    a = softmax(z / 0.8)
    L = np.log(a) + 1.0
    m = a @ L
    U = np.column_stack([a, a * L])
    W = np.array([[1.0 - 2.0 * m, 1.0], [1.0, 0.0]])
    return -(np.diag(a * (m - L - 1.0)) + U @ W @ U.T) / 0.8**2


RIGHT_HESSIANS["entropy of softmax: rank 2"] = Case(
    entropy, entropy_hessian, (np.array([0.3, -0.8, 1.2, 0.5]),), ""
)


# massive-com/mcp_massive pull request #90: from the vega
def call_hessian(S, sigma):
    d1, d2, root, density = call_parts(S, sigma)
    vega = S * density * math.sqrt(1.5)
    vanna = vega / S * (1.0 - d1 / root)
    return [[vega / (S * S * sigma * 1.5), vanna], [vanna, vega * d1 * d2 / sigma]]


RIGHT_HESSIANS["call: all from the vega"] = Case(call, call_hessian, (100.0, 0.25), "")


# adrn/gala #373: suspected, and right
def log_halo(p):
    return 0.5 * np.log(0.01 + p[0] ** 2 + p[1] ** 2 / 0.9025 + p[2] ** 2 / 0.8464)


def log_halo_hessian(p):
    scaled = p / np.array([1.0, 0.9025, 0.8464])
    m = 0.01 + p @ scaled
    return np.diag([1.0, 1.0 / 0.9025, 1.0 / 0.8464]) / m - 2.0 * np.outer(scaled, scaled) / m**2


RIGHT_HESSIANS["logarithmic halo"] = Case(
    log_halo, log_halo_hessian, (np.array([0.5, -0.8, 0.3]),), ""
)


# derivkit/derivkit pull request #156: the matrix is not symmetric, the Hessian is
def quadratic(x):
    return 0.5 * x @ np.array([[2.0, 0.7, -0.3], [0.1, 1.5, 0.4], [0.9, -0.2, 1.1]]) @ x


def quadratic_hessian(x):
    A = np.array([[2.0, 0.7, -0.3], [0.1, 1.5, 0.4], [0.9, -0.2, 1.1]])
    return 0.5 * (A + A.T)


RIGHT_HESSIANS["quadratic form: symmetric part"] = Case(
    quadratic, quadratic_hessian, (np.array([0.5, -0.8, 1.2]),), ""
)
