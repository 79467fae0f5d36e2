// The focal-loss slider of the chapter Class imbalance. The book loads this once; a notebook, with the cell.
// The drawing on the page is right for its first gamma and alpha; here it follows the sliders.
(() => {
  // How hard a case pulls at the score: (1 - p)^gamma [(1 - p) - gamma p log p].
  const pull = (p, gamma) => (p <= 0 ? 1 : (1 - p) ** gamma * ((1 - p) - gamma * p * Math.log(p)));
  // What the loss makes of a true probability: where the pulls of both classes balance.
  const said = (truth, gamma, alpha) => {
    let low = 0, high = 1;
    for (let i = 0; i < 60; i += 1) {
      const q = (low + high) / 2;
      const up = truth * alpha * pull(q, gamma), down = (1 - truth) * (1 - alpha) * pull(1 - q, gamma);
      if (up > down) low = q; else high = q;
    }
    return (low + high) / 2;
  };
  const percent = (value) => `${(100 * value).toFixed(1)}%`;
  const GRID = Array.from({ length: 101 }, (_, i) => i / 100);

  const start = () => { if (document.readyState !== "loading") boxes().forEach(move); };
  const boxes = () => document.querySelectorAll(".focal-slider:not([data-alive])");
  const move = (box) => {
    box.dataset.alive = "";
    const data = JSON.parse(box.querySelector("script").textContent);
    const find = (name) => box.querySelector(`[data-part="${name}"]`);
    const slider = { gamma: find("gamma"), alpha: find("alpha") };
    const write = (name, text) => { find(name).textContent = text; };
    const line = (weight, gamma) => GRID.map((p) =>
      `${(44 + 284 * p).toFixed(1)},${(12 + 216 * (1 - (weight * pull(p, gamma)) / 1.2)).toFixed(1)}`).join(" ");

    let waiting = 0;
    const update = () => {
      const gamma = data.gammas[Number(slider.gamma.value)];
      const alpha = data.alphas[Number(slider.alpha.value)];
      const positive = alpha * pull(0.02, gamma), negative = (1 - alpha) * pull(0.98, gamma);
      const answers = data.truths.map((truth) => said(truth, gamma, alpha));
      const balance = Math.round(positive / negative).toLocaleString("en-US");
      find("positive-curve").setAttribute("points", line(alpha, gamma));
      find("negative-curve").setAttribute("points", line(1 - alpha, gamma));
      write("positive", positive.toFixed(4));
      write("negative", negative.toPrecision(3));
      write("balance", balance);
      answers.forEach((q, i) => write(`said-${i}`, percent(q)));
      for (const [name, value] of Object.entries({ gamma, alpha })) {
        write(`${name}-value`, String(value));
        slider[name].setAttribute("aria-valuetext", String(value));
      }
      // Spoken once the slider rests, not at every step.
      clearTimeout(waiting);
      waiting = setTimeout(() => {
        write("status", `With gamma ${gamma} and alpha ${alpha}, one positive at 2% pulls as hard as ${balance} `
          + `negatives. Where ${100 * data.truths[0]}% is true, a fully trained model says ${percent(answers[0])}.`);
      }, 300);
    };
    Object.values(slider).forEach((input) => input.addEventListener("input", update));
    update();
    find("fallback").hidden = true;
    find("controls").hidden = false;
  };
  // A page is read to its end first; a notebook runs this before its output stands in the page.
  start();
  window.addEventListener("DOMContentLoaded", start);
  [20, 100, 500, 2000].forEach((wait) => setTimeout(start, wait));
})();
