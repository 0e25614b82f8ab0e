// Passkeys (WebAuthn level 3): fills the hidden field of a form with what the authenticator answers, then sends it.
(() => {
  "use strict";
  if (!window.PublicKeyCredential) return;

  const bytes = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  const withBytes = (options) => {
    options.challenge = bytes(options.challenge);
    if (options.user) options.user.id = bytes(options.user.id);
    for (const known of [...(options.excludeCredentials || []), ...(options.allowCredentials || [])]) {
      known.id = bytes(known.id);
    }
    return options;
  };

  const plain = (credential) => {
    const response = { clientDataJSON: text(credential.response.clientDataJSON) };
    for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (credential.response[name]) response[name] = text(credential.response[name]);
    }
    return { id: credential.id, rawId: text(credential.rawId), type: credential.type, response };
  };

  for (const words of document.querySelectorAll("[data-passkey-without]")) words.hidden = true;
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      if (form.elements.credential.value) return;
      event.preventDefault();
      const failure = form.querySelector("[data-passkey-failure]");
      failure.hidden = true;
      try {
        const body = new URLSearchParams(new FormData(form));
        const answer = await fetch("/.account/passkeys/options", { method: "POST", body });
        if (!answer.ok) throw new Error(String(answer.status));
        const publicKey = withBytes(await answer.json());
        const found = form.dataset.passkey === "create"
          ? await navigator.credentials.create({ publicKey })
          : await navigator.credentials.get({ publicKey });
        form.elements.credential.value = JSON.stringify(plain(found));
        form.requestSubmit();
      } catch {
        failure.hidden = false;
      }
    });
  }
})();
