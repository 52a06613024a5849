// Back from the provider: go on without a press.
document.getElementById("onward").requestSubmit();
