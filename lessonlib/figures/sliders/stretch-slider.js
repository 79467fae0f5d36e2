// The stretch slider of the chapter Astronomy. The book loads this once; a notebook, with the cell.
// The page embeds the stored pixels; the stretch is lessonlib.astronomy.asinh_stretch, in 256 greys.
(() => {
  const short = (value) => String(Number(value.toPrecision(2)));
  const percent = (value) => `${short(100 * value)}%`;

  const decode = (picture) => {
    const text = atob(picture.pixels);
    const values = new Uint16Array(picture.height * picture.width);
    for (let i = 0; i < values.length; i += 1) {
      values[i] = picture.bytes === 1 ? text.charCodeAt(i)
        : text.charCodeAt(2 * i) + 256 * text.charCodeAt(2 * i + 1);
    }
    return { ...picture, values, brightest: values.reduce((a, b) => Math.max(a, b), 0) };
  };

  const start = () => { if (document.readyState !== "loading") boxes().forEach(move); };
  const boxes = () => document.querySelectorAll(".stretch-slider:not([data-alive])");
  const move = (box) => {
    box.dataset.alive = "";
    const data = JSON.parse(box.querySelector("script").textContent);
    const pictures = data.pictures.map(decode);
    const find = (name) => box.querySelector(`[data-part="${name}"]`);
    const write = (name, text) => { find(name).textContent = text; };
    const slider = { softening: find("softening"), white: find("white") };
    const canvas = find("canvas"), pen = canvas.getContext("2d");

    let waiting = 0;
    const update = () => {
      const chosen = Number(box.querySelector('input[name="stretch-picture"]:checked').value);
      const picture = pictures[chosen];
      const { black, noise, brightest, values } = picture;
      const s = data.softenings[Number(slider.softening.value)] * noise;
      const w = data.whites[Number(slider.white.value)] * (brightest - black);
      const grey = (x) => Math.round(255 * Math.min(1, Math.max(0, Math.asinh(x / s) / Math.asinh(w / s))));

      const table = Uint8ClampedArray.from({ length: brightest + 1 }, (_, v) => grey(v - black));
      if (canvas.width !== picture.width || canvas.height !== picture.height) {
        canvas.width = picture.width;
        canvas.height = picture.height;
      }
      const image = pen.createImageData(picture.width, picture.height);
      const used = new Set();
      let white = 0;
      for (let i = 0; i < values.length; i += 1) {
        const g = table[values[i]];
        image.data.fill(g, 4 * i, 4 * i + 3);
        image.data[4 * i + 3] = 255;
        used.add(g);
        if (g === 255) white += 1;
      }
      pen.putImageData(image, 0, 0);

      const one = grey(noise), ten = grey(10 * noise);
      write("greys-noise", String(one));
      write("greys-faint", String(ten - one));
      write("greys-bright", String(255 - ten));
      write("share-white", percent(white / values.length));
      write("levels", String(used.size));
      const labels = {
        softening: `${short(data.softenings[Number(slider.softening.value)])} σ`,
        white: percent(data.whites[Number(slider.white.value)]),
      };
      for (const [name, text] of Object.entries(labels)) {
        write(`${name}-value`, text);
        slider[name].setAttribute("aria-valuetext", text);
      }
      canvas.setAttribute("aria-label", `${picture.name}, ${picture.note}, after the stretch`);

      // from a tenth of the noise to the brightest pixel, on a logarithmic axis
      const low = Math.log(0.1 * noise), high = Math.log(brightest - black);
      find("curve").setAttribute("points", Array.from({ length: 91 }, (_, i) => {
        const x = Math.exp(low + ((high - low) * i) / 90);
        return `${40 + 3 * i},${170 - (160 * grey(x)) / 255}`;
      }).join(" "));

      // Spoken once the slider rests, not at every step.
      clearTimeout(waiting);
      waiting = setTimeout(() => {
        write("status", `${picture.name}: with a softening of ${labels.softening} and white at ${labels.white}, `
          + `${one} of 255 greys go to the noise, ${ten - one} to what is faint and ${255 - ten} to what is bright. `
          + `${percent(white / values.length)} of the pixels are white.`);
      }, 300);
    };
    box.querySelectorAll("input").forEach((input) => input.addEventListener("input", update));
    update();
    find("fallback").hidden = true;
    find("panel").hidden = false;
  };
  // A page is read to its end first; a notebook runs this before its output stands in the page.
  start();
  window.addEventListener("DOMContentLoaded", start);
  [20, 100, 500, 2000].forEach((wait) => setTimeout(start, wait));
})();
