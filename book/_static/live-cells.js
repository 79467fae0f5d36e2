// Python in the page. On a page without live cells this does nothing; on one with them nothing is
// loaded before a reader runs one. The worker and all it needs come with one script, made when the
// book is built (book/_ext/live_cells.py).
{
  const bundle = new URL("live/python.js", document.currentScript.src);
  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  // The worker, started by the first run; `run` gives what the worker says of it to `heard`.
  const engine = {
    worker: null, jobs: new Map(), last: 0, turn: 0,
    async start() {
      const turn = this.turn;
      if (!window.courseLive) {
        await new Promise((resolve, reject) => document.head.append(make("script", {
          src: bundle, onload: resolve,
          onerror: () => reject(new Error("a file of the book did not arrive")),
        })));
      }
      if (turn !== this.turn) return; // stopped meanwhile
      const { worker, local, ...settings } = window.courseLive;
      // A page opened from disk cannot read files beside it: there the copy is of no use.
      if (local && location.protocol !== "file:") {
        settings.core = settings.packages = new URL(local, bundle).href;
        settings.integrity = {};
      }
      const url = URL.createObjectURL(new Blob([worker], { type: "text/javascript" }));
      this.worker = new Worker(url);
      this.worker.onmessage = ({ data }) => {
        if (data.failed) this.end({ failed: data.failed });
        else if (data.id) this.jobs.get(data.id)?.(data);
        else this.jobs.forEach((heard) => heard(data));
      };
      this.worker.onerror = (event) => this.end({ failed: event.message || "the worker stopped" });
      this.worker.postMessage({ settings });
    },
    // Stop everything; whoever waits is told why. The next run starts anew.
    end(why) {
      this.worker?.terminate();
      this.worker = null;
      this.starting = null;
      this.turn += 1;
      const waiting = [...this.jobs.values()];
      this.jobs.clear();
      waiting.forEach((heard) => heard(why));
    },
    async run(job, heard) {
      const id = ++this.last;
      return new Promise((resolve) => {
        this.jobs.set(id, (said) => {
          heard(said);
          if (said.done) this.jobs.delete(id);
          if (said.done || said.failed || said.stopped) resolve(said);
        });
        this.starting ??= this.start();
        this.starting.then(
          () => this.worker?.postMessage({ id, ...job }),
          (error) => this.end({ failed: error.message }),
        );
      });
    },
  };

  // Enter keeps the indentation and Backspace takes four spaces of it: Tab has to leave the editor.
  const indent = (event, area) => {
    const before = area.value.slice(0, area.selectionStart);
    const line = before.slice(before.lastIndexOf("\n") + 1);
    if (event.key === "Enter") {
      event.preventDefault();
      const deeper = line.trimEnd().endsWith(":") ? "    " : "";
      document.execCommand("insertText", false, `\n${line.match(/^ */)[0]}${deeper}`);
    } else if (line && !line.trim() && area.selectionStart === area.selectionEnd) {
      event.preventDefault();
      area.selectionStart -= (line.length - 1) % 4 + 1;
      document.execCommand("delete");
    }
  };

  class LiveCell {
    constructor(box, index, all) {
      this.box = box;
      this.all = all;
      this.pre = box.querySelector(".cell_input pre") ?? box.querySelector("pre");
      this.code = this.pre.textContent.replace(/\n$/, "");
      this.exercise = box.matches(".live-exercise") && /^class (\w+)/m.exec(this.code)[1];
      this.name = this.exercise || `live cell ${index + 1}`;
      const printed = [...box.querySelectorAll(".cell_output .stream pre, .cell_output .text_plain pre")];
      this.stored = printed.length && !box.querySelector(".cell_output img")
        ? printed.map((part) => part.textContent).join("").trim() : null;
      this.build(index);
      if (this.draft) this.edit(this.draft);
    }

    build(index) {
      const button = (text, act, hidden) => make("button", {
        type: "button", className: "live-button", textContent: text, onclick: act, hidden,
      });
      this.area = make("textarea", {
        className: "live-code", hidden: true, spellcheck: false, autocapitalize: "off",
        autocomplete: "off", wrap: "off",
        oninput: () => this.changed(),
        onkeydown: (event) => this.key(event),
      });
      this.go = button("", () => this.run());
      this.pen = button("Edit", () => { this.edit(this.text); this.area.setSelectionRange(0, 0); this.area.focus(); });
      this.back = button("Reset", () => this.reset(), true);
      this.halt = button("Stop", () => engine.end({ stopped: true }), true);
      for (const b of [this.pen, this.back, this.halt]) this.label(b, b.textContent);
      this.label(this.go, this.verb);
      this.keys = make("span", {
        className: "live-keys", id: `live-keys-${index}`, hidden: true,
        textContent: "Ctrl+Enter runs. Tab and Esc leave the editor.",
      });
      this.area.setAttribute("aria-label", `Python code of ${this.name}, editable`);
      this.area.setAttribute("aria-describedby", this.keys.id);
      this.bar = make("progress", { hidden: true });
      this.bar.setAttribute("aria-label", `${this.name} is busy`);
      this.status = make("p", {
        className: "live-status",
        textContent: "Runs in your browser. The first run of a page loads about 40 MB.",
      });
      this.status.setAttribute("role", "status");
      this.out = make("div", { className: "live-output", hidden: true });
      const panel = make("div", { className: "live" }, this.area,
        make("div", { className: "live-bar" }, this.go, this.pen, this.back, this.halt, this.bar, this.keys),
        this.status, this.out);
      const input = this.box.querySelector(".cell_input");
      if (input) (input.closest("details") ?? input).after(panel);
      else this.box.append(panel);
    }

    get verb() { return this.exercise ? "Check in this page" : "Run in this page"; }
    label(button, text) {
      button.textContent = text;
      button.setAttribute("aria-label", `${text}: ${this.name}`);
    }

    get text() { return this.area.hidden ? this.code : this.area.value; }

    // What was written into an exercise outlives the page; a browser may refuse to keep it.
    get draft() {
      try { return this.exercise && localStorage.getItem(`live-${this.exercise}`); } catch { return null; }
    }
    set draft(text) {
      if (!this.exercise) return;
      try {
        if (text === null) localStorage.removeItem(`live-${this.exercise}`);
        else localStorage.setItem(`live-${this.exercise}`, text);
      } catch { /* then it lasts as long as the page */ }
    }

    edit(text) {
      this.area.value = text;
      this.area.hidden = this.back.hidden = this.keys.hidden = false;
      this.pen.hidden = true;
      this.pre.closest(".highlight").hidden = true;
      this.resize();
    }
    resize() { this.area.rows = Math.min(this.area.value.split("\n").length + 1, 32); }
    changed() {
      this.resize();
      this.draft = this.area.value;
    }
    reset() {
      this.draft = null;
      this.area.hidden = this.back.hidden = this.keys.hidden = this.out.hidden = true;
      this.pen.hidden = false;
      this.pre.closest(".highlight").hidden = false;
      this.say("The code is the stored one again.");
      this.pen.focus();
    }
    key(event) {
      const { key, ctrlKey, metaKey, shiftKey } = event;
      if (key === "Enter" && (ctrlKey || metaKey || shiftKey)) {
        event.preventDefault();
        this.run();
      } else if (key === "Escape") this.go.focus();
      else if ((key === "Enter" || key === "Backspace") && !event.isComposing) indent(event, this.area);
    }

    say(text) { if (this.status.textContent !== text) this.status.textContent = text; }
    busy(now) {
      this.running = now;
      this.bar.hidden = this.halt.hidden = !now;
      if (!now && document.activeElement === this.halt) this.go.focus();
    }

    // First the live cells above that have not run in this worker, then this one. A cell whose code
    // is folded away only draws: nothing below needs it, and its packages can stay where they are.
    async run() {
      if (this.running) return;
      this.busy(true);
      this.label(this.go, this.verb);
      this.say("Starting Python in this page.");
      if (!this.exercise) {
        for (const cell of this.all.slice(0, this.all.indexOf(this))) {
          if (cell.exercise || cell.box.matches(".tag_hide-input")) continue;
          if (cell.ran && cell.ran === engine.worker) continue;
          const said = await cell.once(this);
          if (said.error) {
            this.busy(false);
            this.say(`${cell.name}, above, ended with an error: this cell needs it.`);
          }
          if (!said.done || said.error) return;
        }
      }
      await this.once(this);
    }

    // Run, and tell the cell that was asked for how it goes.
    async once(asked) {
      const code = this.text;
      const pre = make("pre");
      const began = { edited: code !== this.code };
      this.out.replaceChildren(
        make("p", { className: "live-title", textContent: this.exercise ? "The checks say" : "Your run" }), pre);
      const said = await engine.run({ code, name: this.name, checked: Boolean(this.exercise) }, (news) => {
        if (news.stage) asked.say(`${news.stage} …`);
        if (news.started) asked.say("Running …");
        if (news.text) pre.append(news.text);
        if (news.stopped) asked.say("Stopped. The next run starts Python anew.");
        if (news.failed) {
          asked.say(`Python could not be loaded: ${news.failed}. `
            + "It comes from the network at the first run: check the connection, then try again. "
            + "The page and its stored outputs need none of it.");
          asked.label(asked.go, "Try again");
        }
        if (news.stopped || news.failed) asked.busy(false);
      });
      if (!said.done) return said;
      this.ran = engine.worker;
      this.show(pre, said);
      if (asked !== this) return said;
      this.busy(false);
      this.say(this.verdict(said, pre.textContent.trim(), began.edited));
      return said;
    }

    show(pre, { error, figures }) {
      if (error) pre.append(make("span", { className: "live-error", textContent: error }));
      if (!pre.textContent) pre.remove();
      for (const { png, alt } of figures) {
        const figure = make("figure", {}, make("img", { src: `data:image/png;base64,${png}`, alt }));
        if (this.exercise) figure.append(make("figcaption", { textContent: alt }));
        this.out.append(figure);
      }
      this.out.hidden = false;
      if (pre.scrollWidth > pre.clientWidth) pre.tabIndex = 0;
    }

    verdict({ error, seconds }, text, edited) {
      if (error) return "Ended with an error.";
      const time = `Done in ${seconds.toFixed(1)} s`;
      if (this.exercise || edited || this.stored === null) return `${time}.`;
      return text === this.stored ? `${time}: the same output as the stored one.`
        : `${time}: the output differs from the stored one.`;
    }
  }

  window.addEventListener("DOMContentLoaded", () => {
    const cells = [];
    document.querySelectorAll(".cell.tag_live, .live-exercise").forEach((box, index) =>
      cells.push(new LiveCell(box, index, cells)));
  });
}
