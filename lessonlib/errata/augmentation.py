"""What sections E6 and X1 compare with: the episode's deformation and crop, trials on one film."""

from __future__ import annotations

import functools
import math

import numpy as np

#: The episode's crop: share of the area kept, and the width-to-height ratios it leaves at default.
CROP_AREA, CROP_RATIO = (0.85, 1.0), (3 / 4, 4 / 3)


def field_as_published(
    shape: tuple[int, int], alpha: float, sigma: float, rng: np.random.Generator
) -> np.ndarray:
    """Draw a displacement as the episode does: noise on every pixel, mirrored at the border.

    Parameters
    ----------
    shape : tuple of int
        ``(H, W)`` in pixels.
    alpha, sigma : float
        Factor and width of the smoothing.
    rng : numpy.random.Generator
        Source of the noise; the episode takes NumPy's global one.

    Returns
    -------
    numpy.ndarray, shape (2, H, W)
        (dy, dx) in pixels.
    """
    from scipy.ndimage import gaussian_filter

    return alpha * np.stack([gaussian_filter(rng.normal(size=shape), sigma) for _ in "yx"])


def warp_as_published(image: np.ndarray, displacement: np.ndarray) -> np.ndarray:
    """Move an image as the episode does: linear, in the image's dtype, then cut to 8 bits.

    Parameters
    ----------
    image : numpy.ndarray, shape (H, W)
        Any dtype.
    displacement : numpy.ndarray, shape (2, H, W)
        (dy, dx) in pixels.

    Returns
    -------
    numpy.ndarray of uint8, shape (H, W)
    """
    from scipy.ndimage import map_coordinates

    places = np.indices(image.shape) + displacement
    for axis, length in enumerate(image.shape):
        np.clip(places[axis], 0, length - 1, out=places[axis])
    return map_coordinates(image, places, order=1).astype(np.uint8)


@functools.cache
def small_film(side: int = 128) -> np.ndarray:
    """Return the chest X-ray cut to a square and shrunk.

    Parameters
    ----------
    side : int
        Rows and columns.

    Returns
    -------
    numpy.ndarray, shape (side, side), float64
        In [0, 1]; read-only, as it is kept.
    """
    from skimage.transform import resize

    from lessonlib import images

    film = images.chest_xray().display()[30:1871]
    small = resize(film, (side, side), anti_aliasing=True).astype(np.float64)
    small.setflags(write=False)
    return small


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Return the Pearson correlation of the pixels, NaN where a picture is constant.

    Parameters
    ----------
    a, b : numpy.ndarray
        Of one shape.

    Returns
    -------
    float
    """
    a, b = np.ravel(a).astype(float), np.ravel(b).astype(float)
    return math.nan if np.ptp(a) == 0 or np.ptp(b) == 0 else float(np.corrcoef(a, b)[0, 1])


def crop_shapes(
    shape: tuple[int, int], seeds: int, draws: int = 20, ratio: tuple[float, float] = CROP_RATIO
) -> np.ndarray:
    """Width over height of a round thing once a random crop was resized to a square.

    Parameters
    ----------
    shape : tuple of int
        ``(H, W)`` of the picture.
    seeds, draws : int
        So many seeds with so many crops each.
    ratio : tuple of float
        Width-to-height ratios of the crop that are allowed.

    Returns
    -------
    numpy.ndarray, shape (seeds * draws,)
        1 is still round.
    """
    import torch
    from torchvision.transforms import RandomResizedCrop

    picture = torch.empty(1, *shape)
    shapes = []
    with torch.random.fork_rng(devices=[]):
        for seed in range(seeds):
            torch.manual_seed(seed)
            for _ in range(draws):
                crop = RandomResizedCrop.get_params(picture, list(CROP_AREA), list(ratio))
                shapes.append(crop[2] / crop[3])
    return np.array(shapes)


def wedge(angle: float, side: int = 224) -> float:
    """Share of a square frame that a rotation leaves black where it fills with 0.

    Parameters
    ----------
    angle : float
        In degrees.
    side : int
        Of the frame, in pixels.

    Returns
    -------
    float
    """
    places = (np.arange(side) + 0.5) / side - 0.5
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    x, y = cos * places + sin * places[:, None], cos * places[:, None] - sin * places
    return float(np.mean(np.maximum(abs(x), abs(y)) > 0.5))


def resampling_errors(rng: np.random.Generator, side: int = 224) -> tuple[float, float]:
    """Error of rotation, shift and zoom, and crop read one after the other, and all at once.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the angle, shift, zoom and crop, in the episode's ranges.
    side : int
        Of the film, in pixels.

    Returns
    -------
    three : float
        Root mean square difference from the cubic answer, as a share of the grey scale: nearest,
        nearest, linear, as the published pipeline reads.
    one : float
        The same for one linear look-up.
    """
    from scipy.ndimage import affine_transform

    film, centre = small_film(side), (side - 1) / 2
    angle, zoom = math.radians(rng.uniform(-15, 15)), rng.uniform(0.95, 1.05)
    shift, crop = rng.uniform(-0.05, 0.05, 2) * side, rng.uniform(0.92, 1)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])

    def read(image, matrix, offset, order):
        # at matrix (p - centre) + centre + offset
        start = centre - matrix @ [centre, centre] + offset
        return affine_transform(image, matrix, start, order=order)

    whole, moved = crop * turn / zoom, turn @ shift
    best = read(film, whole, moved, 3)
    step = read(film, turn, np.zeros(2), 0)
    step = read(step, np.eye(2) / zoom, shift, 0)
    step = read(step, np.eye(2) * crop, np.zeros(2), 1)
    inner = (slice(side // 5, -side // 5),) * 2
    three, one = (
        float(np.sqrt(np.mean((image - best)[inner] ** 2)))
        for image in (step, read(film, whole, moved, 1))
    )
    return three, one


def nodule_films(
    n: int, rng: np.random.Generator, side: int = 24
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw noisy copies of the film, most with a nodule in one lung.

    Parameters
    ----------
    n : int
        How many.
    rng : numpy.random.Generator
        Source of the noise, the exposure and the nodules' places.
    side : int
        Rows and columns.

    Returns
    -------
    films : numpy.ndarray, shape (n, side, side)
        The pictures.
    present : numpy.ndarray of bool, shape (n,)
        Whether there is a nodule, for one film in two.
    right : numpy.ndarray of bool, shape (n,)
        On which side of the picture it lies, or would lie.
    """
    y, x = np.indices((side, side))
    present, right = rng.random((2, n)) < 0.5
    rows = rng.uniform(0.3, 0.6, n) * side
    columns = np.where(right, rng.uniform(0.65, 0.8, n), rng.uniform(0.2, 0.35, n)) * side
    distance2 = (y - rows[:, None, None]) ** 2 + (x - columns[:, None, None]) ** 2
    films = small_film(side) * rng.uniform(0.9, 1.1, (n, 1, 1))
    films = films + rng.normal(0, 0.05, films.shape)
    return films + 0.3 * present[:, None, None] * np.exp(-distance2 / (2 * 1.2**2)), present, right


def film_auc(films: np.ndarray, labels: np.ndarray, test: np.ndarray, truth: np.ndarray) -> float:
    """AUC of a linear classifier of films.

    Parameters
    ----------
    films : numpy.ndarray, shape (n, side, side)
        To train with.
    labels : numpy.ndarray of bool, shape (n,)
    test : numpy.ndarray, shape (k, side, side)
    truth : numpy.ndarray of bool, shape (k,)
        Labels of `test`.

    Returns
    -------
    float

    Notes
    -----
    Ridge regression whose penalty grows with the number of films, so that a film that is shown
    twice counts no more against the penalty than one that is shown once: what copies gain is
    theirs, not a weaker penalty's.
    """
    from sklearn.linear_model import Ridge
    from sklearn.metrics import roc_auc_score

    model = Ridge(alpha=len(films) / 400).fit(films.reshape(len(films), -1), labels)
    return float(roc_auc_score(truth, model.predict(test.reshape(len(test), -1))))


def flip_scores(rng: np.random.Generator, n_train: int = 40, n_test: int = 200) -> dict[str, float]:
    """AUC of two labels learned with and without mirrored copies of the training films.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the films.
    n_train, n_test : int
        How many films.

    Returns
    -------
    dict of str to float
        ``presence`` (is there a nodule?) and ``side`` (in which half of the picture?), each as it
        is, ``_flip`` with mirrored copies under the same label, and ``side_swap`` with mirrored
        copies under the other label.
    """
    films, present, right = nodule_films(n_train, rng)
    test, test_present, test_right = nodule_films(n_test, rng)

    ill, side = films[present], right[present]
    test_ill, truth = test[test_present], test_right[test_present]
    both, both_ill = (np.concatenate([x, x[:, :, ::-1]]) for x in (films, ill))
    return {
        "presence": film_auc(films, present, test, test_present),
        "presence_flip": film_auc(both, np.tile(present, 2), test, test_present),
        "side": film_auc(ill, side, test_ill, truth),
        "side_flip": film_auc(both_ill, np.tile(side, 2), test_ill, truth),
        "side_swap": film_auc(both_ill, np.concatenate([side, ~side]), test_ill, truth),
    }


def field_of_unet(rng: np.random.Generator, side: int = 572, sd: float = 10) -> np.ndarray:
    """Draw a displacement as the U-Net paper describes it.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the vectors.
    side : int
        Of the picture, in pixels; the paper's input tiles have 572.
    sd : float
        Standard deviation of the vectors along each axis, in pixels.

    Returns
    -------
    numpy.ndarray, shape (2, side, side)
        (dy, dx) in pixels.

    Notes
    -----
    Vectors on a grid of 3 by 3 points, Gaussian, brought to the pixels by bicubic interpolation
    [1]_. The paper does not say where the points lie: here in the middles of nine equal squares.

    References
    ----------
    .. [1] O. Ronneberger, P. Fischer, T. Brox, "U-Net: Convolutional Networks for Biomedical Image
       Segmentation", MICCAI 2015, section 3.1, doi:10.1007/978-3-319-24574-4_28.
    """
    from scipy.ndimage import zoom

    vectors = rng.normal(0, sd, (2, 3, 3))
    return np.stack([zoom(v, side / 3, order=3, mode="nearest", grid_mode=True) for v in vectors])
