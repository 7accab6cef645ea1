// Shows the document in ReDoc, in the fonts that the machine has.
const page = document.getElementById("api");
const systemFonts = "system-ui, sans-serif";

// ReDoc's footer loads a logo from its maker's host; here nothing leaves the machine. React names
// an image's source twice: as an attribute and as a property.
const setAttribute = Element.prototype.setAttribute;
Element.prototype.setAttribute = function (name, value) {
  if (name !== "src" || !value.startsWith("https://cdn.redoc.ly/")) {
    setAttribute.call(this, name, value);
  }
};
Object.defineProperty(HTMLImageElement.prototype, "src", {
  get() {
    return this.getAttribute("src") ?? "";
  },
  set(value) {
    this.setAttribute("src", value);
  },
});

window.Redoc.init(
  page.dataset.document,
  {
    theme: {
      typography: {
        fontFamily: systemFonts,
        headings: { fontFamily: systemFonts },
        code: { fontFamily: "ui-monospace, monospace" },
      },
    },
  },
  page,
);
