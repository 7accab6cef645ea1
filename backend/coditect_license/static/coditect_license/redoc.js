// Shows the document in ReDoc, in the fonts that the machine has.
const page = document.getElementById("api");
const systemFonts = "system-ui, sans-serif";

window.Redoc.init(
  page.dataset.document,
  {
    nonce: page.dataset.nonce,
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
