// The OpenAPI document, rendered by the library in scalar.js; nothing is fetched.
"use strict";

Scalar.createApiReference("#main", {
  content: JSON.parse(document.getElementById("openapi").textContent),
  agent: { disabled: true },
  documentDownloadType: "none",
  hideClientButton: true,
  hideDarkModeToggle: true,
  hideTestRequestButton: true,
  mcp: { disabled: true },
  showDeveloperTools: "never",
  telemetry: false,
  withDefaultFonts: false,
});
