"""Draws what a simulated camera sees: a street with moving cars, as a short loop of raw I420 frames.

Pure but for memory: scene in, bytes out. The first 16 rows are left to the clock blocks (see stamp_row).
No picture files and no drawing library are needed; a frame is three byte arrays filled row by row.
"""
import random

LOOP_FRAMES = 60
CLOCK_ROWS = 16
CLOCK_BITS = 40
WHITE, BLACK, GREY = 235, 16, 128

# Colours are (Y, U, V) in the limited range. Noise adds up to 3 to Y, which stays below 256.
SCENES = {
    'day': {
        'sky': (190, 150, 110), 'house': ((140, 118, 140), (165, 120, 132), (120, 128, 128)),
        'window': (90, 140, 120), 'road': (85, 128, 128), 'line': (210, 120, 135),
        'cars': ((90, 90, 210), (110, 190, 90), (200, 128, 128)),
    },
    'dusk': {
        'sky': (95, 140, 160), 'house': ((60, 130, 135), (70, 126, 138), (50, 132, 132)),
        'window': (180, 90, 150), 'road': (50, 130, 126), 'line': (130, 118, 136),
        'cars': ((180, 110, 140), (75, 100, 200), (70, 170, 100)),
    },
    'night': {
        'sky': (28, 140, 122), 'house': ((38, 132, 126), (44, 130, 128), (32, 134, 126)),
        'window': (150, 80, 148), 'road': (30, 130, 126), 'line': (80, 124, 130),
        'cars': ((120, 118, 138), (55, 160, 110), (60, 110, 170)),
    },
    'fog': {
        'sky': (120, 126, 130), 'house': ((100, 124, 132), (108, 124, 132), (96, 124, 132)),
        'window': (70, 128, 128), 'road': (135, 126, 130), 'line': (200, 100, 140),
        'cars': ((60, 128, 128), (150, 100, 150), (80, 150, 100)),
    },
}


class Canvas:
    """One I420 picture that can be filled with rectangles; all coordinates are rounded to even numbers."""

    def __init__(self, width, height, planes=None):
        self.width, self.height = width, height
        self.y, self.u, self.v = planes or (
            bytearray(width * height), bytearray(width * height // 4), bytearray(width * height // 4))

    def copy(self):
        return Canvas(self.width, self.height, (bytearray(self.y), bytearray(self.u), bytearray(self.v)))

    def fill(self, left, top, width, height, colour):
        """Fills a rectangle, cut off at the picture's edges and below the clock's rows."""
        left, right = max(0, left) & ~1, min(self.width, left + width) & ~1
        top, bottom = max(CLOCK_ROWS, top) & ~1, min(self.height, top + height) & ~1
        if left >= right or top >= bottom:
            return
        for row in range(top, bottom):
            at = row * self.width + left
            self.y[at:at + right - left] = bytes((colour[0],)) * (right - left)
        half = (right - left) // 2
        for row in range(top // 2, bottom // 2):
            at = row * (self.width // 2) + left // 2
            self.u[at:at + half] = bytes((colour[1],)) * half
            self.v[at:at + half] = bytes((colour[2],)) * half


def draw_background(scene, width, height, rng):
    """Draws what does not move: sky, a row of houses with windows, the road with its middle line."""
    canvas = Canvas(width, height)
    canvas.fill(0, 0, width, height, scene['sky'])
    road = height * 6 // 10
    left = 0
    while left < width:
        house_width = width // 12 + rng.randrange(width // 8)
        house_top = height * 15 // 100 + rng.randrange(height // 5)
        canvas.fill(left, house_top, house_width, road - house_top, rng.choice(scene['house']))
        pane, gap = width // 50, width // 28
        for x in range(left + gap // 2, left + house_width - pane, gap):
            for y in range(house_top + gap // 2, road - gap, gap):
                if rng.random() < 0.7:
                    canvas.fill(x, y, pane, pane, scene['window'])
        left += house_width
    canvas.fill(0, road, width, height - road, scene['road'])
    for x in range(0, width, width // 10):
        canvas.fill(x, height * 8 // 10, width // 20, height // 90, scene['line'])
    return canvas


def draw_cars(canvas, scene, frame):
    """Draws three cars; each crosses the picture a whole number of times per loop, so that the loop has no seam."""
    width, height = canvas.width, canvas.height
    for index, colour in enumerate(scene['cars']):
        length, tall = width // 8, height // 11
        lap = width + 2 * length
        phase = (frame * (1 + index % 2) / LOOP_FRAMES + index / 3) % 1
        x = int(phase * lap) - length
        x = width - x - length if index == 1 else x
        top = height * (64 + 11 * index) // 100
        canvas.fill(x, top, length, tall, colour)
        canvas.fill(x + length // 4, top - tall // 2, length // 2, tall // 2, (60, 136, 124))
        for wheel in (length // 8, length * 5 // 8):
            canvas.fill(x + wheel, top + tall - tall // 4, length // 5, tall // 2, (20, 128, 128))


def draw_loop(scene_name, width, height, seed):
    """Gives LOOP_FRAMES pictures as (Y below the clock's rows, U, V) with a little sensor noise in Y."""
    scene, rng = SCENES[scene_name], random.Random(seed)
    background = draw_background(scene, width, height, rng)
    below = CLOCK_ROWS * width
    mask = int.from_bytes(b'\x03' * (width * height - below), 'little')
    frames = []
    for frame in range(LOOP_FRAMES):
        canvas = background.copy()
        draw_cars(canvas, scene, frame)
        luma = memoryview(canvas.y)[below:]
        noise = int.from_bytes(rng.randbytes(len(luma)), 'little') & mask
        noisy = (int.from_bytes(luma, 'little') + noise).to_bytes(len(luma), 'little')
        grey = bytes((GREY,)) * (CLOCK_ROWS // 2 * width // 2)
        chroma_from = len(grey)
        frames.append((noisy, grey + bytes(canvas.u[chroma_from:]), grey + bytes(canvas.v[chroma_from:])))
    return frames


def stamp_row(width, epoch_ms):
    """Gives the clock's 16 rows: 40 blocks from left to right, the highest bit first, white for 1, black for 0."""
    block = width // CLOCK_BITS
    row = b''.join(
        bytes((WHITE if epoch_ms >> (CLOCK_BITS - 1 - bit) & 1 else BLACK,)) * block for bit in range(CLOCK_BITS))
    return row * CLOCK_ROWS
