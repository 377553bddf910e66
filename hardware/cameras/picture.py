"""A picture as OpenCV keeps it."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Picture = NDArray[np.uint8]  # height × width × 3: blue, green, red
Size = tuple[int, int]  # width, height


def as_picture(values: ArrayLike) -> Picture:
    """What OpenCV returned, known to be a picture; values beyond 0 … 255 are cut off."""
    made = np.asarray(values)
    return made if made.dtype == np.uint8 else np.clip(made, 0, 255).astype(np.uint8)
