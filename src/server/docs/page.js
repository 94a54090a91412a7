// Shows the document and sends its requests. With ?demo in the address, the demo administrator is authorized.
"use strict";

const page = SwaggerUIBundle({
  dom_id: "#page",
  url: document.getElementById("page").dataset.document,
  deepLinking: true,
  displayRequestDuration: true,
  // Without it, Swagger UI would send the document to a validator on another server.
  validatorUrl: null,
  onComplete() {
    if (new URLSearchParams(location.search).has("demo")) {
      page.preauthorizeBasic("basic", "tje0", "Tje0");
    }
  },
});
