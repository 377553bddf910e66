// Runs in a page before anything else. Notes when a link was clicked, when its first picture was there to be seen, and
// how old each picture is when it is to be shown, as the clock says that the camera burned into its lower edge
// (hardware/cameras/clockface.py: a white and a black block, 48 bits of milliseconds since 1970, 4 bits of checksum).
(() => {
  const BLOCKS = 54;
  const noted = (window.noted = { clickedMs: 0, firstMs: 0, agesMs: [], illegible: 0 });
  const strip = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const followed = new WeakSet();

  addEventListener("click", (event) => Object.assign(noted, { clickedMs: event.timeStamp, firstMs: 0 }), true);

  function clockMs(video) {
    const { videoWidth: width, videoHeight: height } = video;
    const middle = height - Math.floor(Math.max(8, Math.floor(height / 36)) / 2);
    strip.canvas.width = width;
    strip.canvas.height = 2;
    strip.drawImage(video, 0, middle - 1, width, 2, 0, 0, width, 2);
    const { data } = strip.getImageData(0, 0, width, 1);
    const bits = Array.from({ length: BLOCKS }, (_, n) => data[4 * Math.floor(((n + 0.5) * width) / BLOCKS)] > 125);
    if (!bits[0] || bits[1]) return null;
    const word = bits.slice(2).reduce((sum, bit) => sum * 2n + (bit ? 1n : 0n), 0n);
    const value = word >> 4n;
    let sum = 5n;
    for (let rest = value; rest; rest >>= 4n) sum += rest & 15n;
    return (sum & 15n) === (word & 15n) ? Number(value) : null;
  }

  function follow(video) {
    followed.add(video);
    const each = (nowMs, told) => {
      const takenMs = clockMs(video);
      if (takenMs === null) noted.illegible += 1;
      else noted.agesMs.push(Date.now() - takenMs + Math.max(0, told.expectedDisplayTime - performance.now()));
      video.requestVideoFrameCallback(each);
    };
    video.requestVideoFrameCallback(each);
  }

  function look() {
    for (const video of document.querySelectorAll("video")) {
      if (!followed.has(video)) follow(video);
      const seen = video.checkVisibility() && video.getVideoPlaybackQuality().totalVideoFrames > 0;
      if (seen && noted.clickedMs && !noted.firstMs) noted.firstMs = performance.now();
    }
    requestAnimationFrame(look);
  }
  requestAnimationFrame(look);
})();
