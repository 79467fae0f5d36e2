// Python in a Web Worker. It is started from a blob: a worker's own file may not lie on another
// origin, and a book opened from disk has no origin at all.
const fail = (error) => postMessage({ failed: String(error?.message ?? error) });

// Every file of Pyodide comes through here. What comes from elsewhere has to have the bytes that
// the course was tested with: the core by the hashes in the settings, each package by the hash in
// Pyodide's lock file, which is one of the core's files (Pyodide sets that one itself).
const guard = ({ core, packages, integrity }) => {
  const fetched = self.fetch.bind(self);
  self.fetch = async (what, options) => {
    const url = String(what?.url ?? what);
    if (!url.startsWith(core)) return fetched(what, options);
    const name = url.slice(core.length);
    const own = /^(pyodide\.|pyodide-lock|python_stdlib)/.test(name);
    try {
      const hash = own && integrity[name];
      const answer = await fetched((own ? core : packages) + name,
        { ...options, ...(hash ? { integrity: hash } : {}) });
      if (!answer.ok) throw new Error(`${name}: status ${answer.status}`);
      return answer;
    } catch (error) {
      fail(`${name} did not arrive (${error.message})`);
      throw error;
    }
  };
};

const load = async (settings) => {
  const stage = (text) => postMessage({ stage: text });
  const script = async (name) => {
    const text = await (await fetch(settings.core + name)).text();
    importScripts(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
  };
  guard(settings);
  stage("Loading Python");
  await script("pyodide.asm.js");
  await script("pyodide.js");
  const python = await loadPyodide({ indexURL: settings.core });
  const missed = [];
  const packages = async (names) => {
    await python.loadPackage(names, {
      messageCallback: (text) => text.startsWith("Loading") && stage(text),
      errorCallback: (text) => missed.push(text),
    });
    if (missed.length) throw new Error(missed.splice(0).join("; "));
  };
  await packages(["numpy", "scipy"]);
  const bytes = Uint8Array.from(atob(settings.lessonlib), (letter) => letter.charCodeAt(0));
  python.unpackArchive(bytes, "zip"); // into the working folder, from which Python imports
  python.FS.writeFile("runner.py", settings.runner);
  return { python, packages, session: python.pyimport("runner").Session() };
};

// What a cell imports is loaded before it runs; lessonlib's own needs are named here.
const needed = ({ python }, code, checked) => {
  const imports = python.pyimport("pyodide.code").find_imports(code).toJs();
  const names = imports.filter((name) => ["sklearn", "matplotlib", "PIL"].includes(name))
    .map((name) => ({ sklearn: "scikit-learn", PIL: "pillow" })[name] ?? name);
  if (/\blessonlib\b.*\bfigures\b/.test(code)) names.push("matplotlib");
  return checked ? [...names, "pillow"] : names;
};

let loaded;
let queue = Promise.resolve();
self.onmessage = ({ data }) => {
  if (data.settings) {
    loaded = load(data.settings);
    loaded.then(() => postMessage({ ready: true }), fail);
    return;
  }
  queue = queue.then(async () => {
    const { id, code, name, checked } = data;
    const engine = await loaded;
    try {
      let wanted;
      try { wanted = needed(engine, code, checked); } catch { wanted = []; } // a syntax error is told below
      if (wanted.length) await engine.packages(wanted);
    } catch (error) { fail(error); return; }
    postMessage({ id, started: true });
    const begun = performance.now();
    const write = (text) => postMessage({ id, text });
    try {
      const told = engine.session[checked ? "check" : "run"](code, name, write);
      const { error, figures } = told.toJs({ dict_converter: Object.fromEntries });
      told.destroy();
      postMessage({ id, done: true, error, figures, seconds: (performance.now() - begun) / 1000 });
    } catch (error) {
      // not the reader's exception, which Python reports itself, but Python's own end
      postMessage({ id, done: true, error: String(error.message), figures: [], seconds: 0 });
    }
  });
};
