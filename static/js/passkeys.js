// Says in words what went wrong with a passkey; the ceremony itself is allauth's (mfa/js/webauthn.js).
import { toast } from "./toast.js";

const { refused, impossible } = document.querySelector("script[data-refused]").dataset;
// The standard has no passkeys for bare numbers, and none over plain http but on this machine itself.
const hasNoName = /^[\d.]+$|^\[/.test(location.hostname) || !window.isSecureContext;

document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  toast(hasNoName ? impossible : refused, "danger");
});
