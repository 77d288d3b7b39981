// Reads that a page makes by itself, while its person may have been signed out: by the clock, or in another tab.
import { isInUse } from "./reload.js";

// The answer, or null where the server leads elsewhere, to the sign-in page. The page then asks for itself again and is led
// there as a whole, with the way back; not while a person is using it, who could not even copy their text.
export async function readLive(address, options) {
  const response = await fetch(address, options);
  if (!response.redirected) return response;
  if (!isInUse()) location.reload();
  return null;
}
