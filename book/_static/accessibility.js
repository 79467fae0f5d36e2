// Repairs what axe-core finds in the stock theme. Every .js in this folder is loaded on every page.
window.addEventListener("load", () => {
  const each = (selector, mend) => document.querySelectorAll(selector).forEach(mend);

  // A control whose text can be seen is named by that text, not by a different hidden label.
  each("summary[aria-label], .search-button__button[aria-label]", (element) => {
    if (element.innerText.trim()) element.removeAttribute("aria-label");
  });

  // The arrows that open a part of the sidebar have no text: say which part.
  each(".bd-sidebar-primary summary", (summary) => {
    if (summary.innerText.trim() || summary.hasAttribute("aria-label")) return;
    const part = summary.closest("li")?.querySelector("a")?.innerText.trim();
    summary.setAttribute("aria-label", `Pages below ${part || "this one"}`);
  });

  // The theme switch holds icons that turn into titled pictures late: hide them from readers.
  each(".theme-switch-button", (button) => {
    const hide = () => button.querySelectorAll("svg").forEach((icon) => {
      if (icon.getAttribute("aria-hidden") === "true" && !icon.querySelector("title")) return;
      icon.setAttribute("aria-hidden", "true");
      icon.removeAttribute("role");
      icon.removeAttribute("aria-labelledby");
      icon.querySelector("title")?.remove();
    });
    new MutationObserver(hide).observe(button, { childList: true, subtree: true });
    hide();
  });

  // Citations are written with the children of one role inside a list of another.
  each(".citation-list > .citation", (entry) => entry.setAttribute("role", "listitem"));

  // The course's name in the sidebar belongs to a landmark; the theme's own header is empty. Its
  // place stays, as the theme measures it whenever the window changes its size.
  const header = document.querySelector("#pst-header");
  if (header && !header.innerText.trim()) {
    header.replaceWith(Object.assign(document.createElement("div"), { id: "pst-header", hidden: true }));
  }
  document.querySelector(".sidebar-primary-item:has(> .navbar-brand)")?.setAttribute("role", "banner");

  // What scrolls sideways can be reached with the keyboard.
  each(".cell_output .text_html, div.highlight pre, .pst-scrollable-table-container, .cell_output pre, mjx-container[display]", (box) => {
    if (box.scrollWidth > box.clientWidth && !box.hasAttribute("tabindex")) box.tabIndex = 0;
  });
});
