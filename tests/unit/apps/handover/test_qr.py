"""The QR code is read by a scanner that shares no code with the one that made it."""

import re

import numpy as np
import zxingcpp

from vocab.pages.qr import qr_svg

LINK = "http://localhost:8082/valueback/r/" + "Ab3_-" * 8 + "xyz"


def pixels(svg: str, scale: int = 4) -> "np.ndarray[tuple[int, int], np.dtype[np.uint8]]":
    """Draw the dark modules of the SVG."""
    size = int(re.findall(r'viewBox="0 0 (\d+)', svg)[0])
    picture = np.full((size, size), 255, np.uint8)
    for x, y in re.findall(r"M(\d+) (\d+)h1v1h-1z", svg):
        picture[int(y), int(x)] = 0
    return picture.repeat(scale, axis=0).repeat(scale, axis=1)


def test_a_scanner_reads_the_link() -> None:
    found = zxingcpp.read_barcodes(pixels(str(qr_svg(LINK, "Receipt"))))
    assert [code.text for code in found] == [LINK]


def test_a_screen_reader_gets_the_label_and_markup_is_escaped() -> None:
    svg = str(qr_svg(LINK, 'Scontrino "A" <b>'))
    assert 'role="img" aria-label="Scontrino &#34;A&#34; &lt;b&gt;"' in svg
