// Shows the document, and lets it be tried out. With ?demo in the address, as the administrator of the demo data.
"use strict";

const page = SwaggerUIBundle({
  dom_id: "#page",
  url: document.getElementById("page").dataset.document,
  deepLinking: true,
  displayRequestDuration: true,
  // Nobody else is asked whether the document is right.
  validatorUrl: null,
  onComplete() {
    if (new URLSearchParams(location.search).has("demo")) {
      page.preauthorizeBasic("basic", "tje0", "Tje0");
    }
  },
});
