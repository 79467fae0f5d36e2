// The threshold slider of the chapter Evaluation. The book loads this once; a notebook, with the cell.
// The page embeds counts for each threshold as JSON; everything else follows from them here.
(() => {
  const share = (value) => (Number.isFinite(value) ? value.toFixed(3) : "undefined");
  const percent = (value) => `${Number((100 * value).toPrecision(2))}%`;

  const start = () => { if (document.readyState !== "loading") boxes().forEach(move); };
  const boxes = () => document.querySelectorAll(".threshold-slider:not([data-alive])");
  const move = (box) => {
    box.dataset.alive = "";
    const data = JSON.parse(box.querySelector("script").textContent);
    const find = (name) => box.querySelector(`[data-part="${name}"]`);
    const slider = { threshold: find("threshold"), prevalence: find("prevalence"), price: find("price") };
    const write = (name, text) => { find(name).textContent = text; };
    const P = data.positive, N = data.negative;

    // The frame of the plot inside the 320 by 300 drawing: x is 1 - specificity, y sensitivity.
    const x = (fp) => 48 + (260 * fp) / N;
    const y = (tp) => 12 + 240 * (1 - tp / P);
    find("curve").setAttribute("points", data.tp.map((tp, i) => `${x(data.fp[i])},${y(tp)}`).join(" "));

    let waiting = 0;
    const update = () => {
      const i = Number(slider.threshold.value);
      const prevalence = data.prevalences[Number(slider.prevalence.value)];
      const price = data.prices[Number(slider.price.value)];
      const tp = data.tp[i], fp = data.fp[i], fn = P - tp, tn = N - fp;
      const sensitivity = tp / P, specificity = tn / N;
      const found = sensitivity * prevalence, alarms = (1 - specificity) * (1 - prevalence);
      const cleared = specificity * (1 - prevalence), missed = (1 - sensitivity) * prevalence;
      const benefit = found - alarms / price;
      const everyone = prevalence - (1 - prevalence) / price;

      for (const [name, value] of Object.entries({ tp, fp, fn, tn })) write(name, String(value));
      write("sensitivity", share(sensitivity));
      write("specificity", share(specificity));
      write("ppv", share(found / (found + alarms)));
      write("npv", share(cleared / (cleared + missed)));
      write("benefit", (1000 * benefit).toFixed(1));
      write("everyone", (1000 * everyone).toFixed(1));
      const labels = { threshold: data.thresholds[i].toFixed(2), prevalence: percent(prevalence), price: String(price) };
      for (const [name, text] of Object.entries(labels)) {
        write(`${name}-value`, text);
        slider[name].setAttribute("aria-valuetext", text);
      }
      const dot = find("dot"), cross = find("cross");
      dot.setAttribute("cx", x(fp));
      dot.setAttribute("cy", y(tp));
      cross.setAttribute("d", `M48 ${y(tp)}H${x(fp)}V252`);

      // Spoken once the slider rests, not at every step.
      clearTimeout(waiting);
      waiting = setTimeout(() => {
        const best = Math.max(0, everyone);
        write("status", `At threshold ${labels.threshold}: ${tp} nodules found, ${fn} missed, ${fp} false alarms. `
          + `At a prevalence of ${labels.prevalence}, PPV ${share(found / (found + alarms))}. `
          + (benefit > best ? "The model is worth more than referring everyone or nobody."
            : benefit < best ? `Referring ${everyone > 0 ? "everyone" : "nobody"} is worth more than the model.`
              : `The model is worth what referring ${everyone > 0 ? "everyone" : "nobody"} is.`));
      }, 300);
    };
    Object.values(slider).forEach((input) => input.addEventListener("input", update));
    update();
    find("fallback").hidden = true;
    find("panel").hidden = false;
  };
  // A page is read to its end first; a notebook runs this before its output stands in the page.
  start();
  window.addEventListener("DOMContentLoaded", start);
  [20, 100, 500, 2000].forEach((wait) => setTimeout(start, wait));
})();
