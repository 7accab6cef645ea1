// Shows the document in Swagger UI. `validatorUrl: null`: nothing is sent to a validator elsewhere.
const page = document.getElementById("api");

window.SwaggerUIBundle({
  domNode: page,
  url: page.dataset.document,
  validatorUrl: null,
  deepLinking: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
});
