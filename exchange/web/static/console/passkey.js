// Passkeys: fetch what is to be signed, let the browser ask its user, send the answer as the form's field.
// Without this script the forms stay hidden, and the codes are the way.
const able = window.PublicKeyCredential && PublicKeyCredential.parseRequestOptionsFromJSON;
for (const form of able ? document.querySelectorAll("form[data-passkey]") : []) {
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const failed = form.querySelector("[data-passkey-failed]");
    failed.hidden = true;
    try {
      const body = new URLSearchParams({ csrf: form.elements.csrf.value });
      const options = await (await fetch(form.dataset.passkey, { method: "POST", body })).json();
      const made = "make" in form.dataset
        ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
        : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
      form.querySelector("[data-passkey-answer]").value = JSON.stringify(made.toJSON());
      HTMLFormElement.prototype.submit.call(form); // a field of the form may be called submit
    } catch {
      failed.hidden = false;
    }
  });
}
