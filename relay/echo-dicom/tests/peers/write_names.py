"""Writes a patient's name over raw RGB frames of 640 x 480, at another place outside the heart on each.

    write_names.py FRAMES
"""

import pathlib
import sys

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 640, 480
path = pathlib.Path(sys.argv[1])
raw = path.read_bytes()
size = WIDTH * HEIGHT * 3
font = ImageFont.load_default(size=30)
frames = []
for index in range(len(raw) // size):
    frame = Image.frombytes("RGB", (WIDTH, HEIGHT), raw[index * size : (index + 1) * size])
    draw = ImageDraw.Draw(frame)
    top = [(20, 20), (180, 28), (60, 36)][index % 3]
    bottom = [(40, 430), (200, 424), (120, 436)][index % 3]
    draw.text(top, "YAMADA TAROU", font=font, fill=(255, 255, 255))
    draw.text(bottom, "19410203 M", font=font, fill=(255, 255, 255))
    frames.append(frame.tobytes())
path.write_bytes(b"".join(frames))
