// Before anything is shown: tell the style sheets that scripts run (GOV.UK's own first line, as a file).
document.body.className += " js-enabled" + ("noModule" in HTMLScriptElement.prototype ? " govuk-frontend-supported" : "");
