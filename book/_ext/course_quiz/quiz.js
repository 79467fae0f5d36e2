// Makes the questions of a page answerable. JupyterQuiz draws the answers, compares and gives the
// reasons. What it lacks is added here: an answer counts when it is submitted, not when the arrow
// keys pass over it; names for its controls; feedback that is read out; a button for numbers.
window.addEventListener("load", async () => {
  await window.MathJax?.startup?.promise; // the text that is taken over is then complete

  const inner = (element) => element.querySelector(":scope > p:only-child")?.innerHTML ?? element.innerHTML;

  // What stands on the page, in JupyterQuiz's words.
  const answersOf = (box) => {
    const choices = [...box.querySelectorAll(".quiz-choices > li")];
    return [...box.querySelectorAll(".quiz-reasons > li")].map((reason, i) => {
      const answer = {
        correct: reason.classList.contains("right"),
        feedback: reason.querySelector(".quiz-feedback").innerHTML,
      };
      if (choices.length) return { ...answer, answer: inner(choices[i]) };
      const range = reason.dataset.range;
      return range ? { ...answer, range: range.split(" ").map(Number) } : { ...answer, type: "default" };
    });
  };

  // "15,5 %" and "1,000" are numbers too.
  const plain = (typed) => {
    const text = typed.trim().replace(/\s*%$/, "").replace("−", "-");
    return /^[1-9]\d{0,2}(,\d{3})+(\.\d*)?$/.test(text) ? text.replaceAll(",", "") : text.replace(",", ".");
  };

  // Choosing and answering are two things: the check that a click on a label would start waits.
  const mendChoices = (form, group, say) => {
    group.setAttribute("role", "radiogroup");
    const labels = [...group.querySelectorAll("label")];
    for (const label of labels) {
      label.addEventListener("check", label.onclick);
      label.onclick = null;
      label.control.removeAttribute("class"); // the library hides it
    }
    return () => {
      const chosen = labels.find((label) => label.control.checked);
      if (chosen) chosen.dispatchEvent(new Event("check"));
      else say("Choose an answer first.");
    };
  };

  // A clean field: the library's empties itself on focus and takes no paste.
  const mendNumber = (form, group, say, unit) => {
    const label = group.querySelector("label");
    const field = group.querySelector("input").cloneNode();
    group.querySelector("input").replaceWith(field);
    label.htmlFor = field.id;
    label.textContent = unit ? `Your answer, in ${unit}` : "Your answer";
    field.inputMode = "decimal";
    field.autocomplete = "off";
    return () => {
      const number = plain(field.value);
      const [over, under = 1] = number.split("/").map((x) => (x.trim() ? Number(x) : NaN));
      if (!Number.isFinite(over / under)) return say("Type a number first.");
      const focused = document.activeElement;
      field.value = number;
      check_numeric(field, { keyCode: 13 });
      focused.focus(); // the library takes it away
    };
  };

  document.querySelectorAll(".quiz-question").forEach((box, i) => {
    const { type, unit } = box.dataset;
    const text = box.querySelector(".quiz-text");
    text.id = `quiz-text-${i}`;
    const form = document.createElement("form");
    form.className = "quiz-form";
    form.noValidate = true;
    box.append(form);
    Question.create({ type, answers: answersOf(box) }, `quiz${i}`, i, {}, form);

    const group = form.querySelector(".Answer");
    const feedback = form.querySelector(".Feedback");
    const say = (words) => { feedback.className = "Feedback"; feedback.textContent = words; };
    const answer = (type === "numeric" ? mendNumber : mendChoices)(form, group, say, unit);
    (type === "numeric" ? group.querySelector("input") : group)
      .setAttribute(type === "numeric" ? "aria-describedby" : "aria-labelledby", text.id);
    feedback.setAttribute("role", "status");
    feedback.setAttribute("aria-live", "polite");

    const button = document.createElement("button");
    button.textContent = "Check";
    button.setAttribute("aria-describedby", text.id);
    feedback.before(button);
    form.addEventListener("submit", (event) => { event.preventDefault(); answer(); });
    box.classList.add("answerable");
  });

  // On paper the reasons are open.
  const reasons = document.querySelectorAll(".quiz-answer");
  window.addEventListener("beforeprint", () => reasons.forEach((d) => { d.open = true; }));
  window.addEventListener("afterprint", () => reasons.forEach((d) => { d.open = false; }));
});
