// Digital Bazaar's verifier of credentials, as it comes from npm: checks what a host attests, and signs something itself.
//
// It gets documents from the host that is asked and from nowhere else; the contexts of the W3C come with the packages.
import * as vc from "@digitalbazaar/vc";
import { cryptosuite } from "@digitalbazaar/eddsa-rdfc-2022-cryptosuite";
import { DataIntegrityProof } from "@digitalbazaar/data-integrity";
import * as Ed25519Multikey from "@digitalbazaar/ed25519-multikey";
import { checkStatus } from "@digitalbazaar/vc-bitstring-status-list";

const { origin, contexts, check, sign } = JSON.parse(process.argv[2]);

async function fetched(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return answer.json();
}

/** Our contexts have permanent addresses, and every host serves them at its own. */
function placeOf(url) {
  return url.startsWith(contexts) ? `${origin}/.vocab/contexts/${url.slice(contexts.length)}.jsonld` : url;
}

async function documentLoader(url) {
  const found = await vc.defaultDocumentLoader(url).catch(() => undefined);
  if (found) return found;
  const place = placeOf(url);
  if (!place.startsWith(`${origin}/`)) throw new Error(`nothing is fetched from ${url}`);
  const [address, fragment] = place.split("#");
  const whole = await fetched(address);
  // Controlled Identifiers 1.0, 3.3: a verification method is the one of that name in its controller's document.
  const document = fragment ? whole.verificationMethod.find((method) => method.id === url) : whole;
  return { contextUrl: null, documentUrl: url, document };
}

const suite = () => new DataIntegrityProof({ cryptosuite });

async function verified(credential) {
  const controller = await fetched(`${origin}/.consent/issuer`);
  // The list is checked like any other credential of the issuer, with the same document of its keys.
  const checkedStatus = async (options) => {
    for (const { statusListCredential } of options.credential.credentialStatus) {
      const list = await vc.verifyCredential({
        credential: await fetched(statusListCredential), controller, suite: suite(), documentLoader,
      });
      if (!list.verified) return list;
    }
    return checkStatus({ ...options, verifyBitstringStatusListCredential: false });
  };
  const answer = await vc.verifyCredential({
    credential, controller, suite: suite(), documentLoader,
    ...(credential.credentialStatus ? { checkStatus: checkedStatus } : {}),
  });
  const errors = answer.error?.errors ?? (answer.error ? [answer.error] : []);
  return {
    verified: answer.verified,
    errors: errors.map((error) => error.message),
    statuses: (answer.statusResult?.results ?? []).map(({ credentialStatus, status }) => [
      credentialStatus.statusPurpose, status,
    ]),
  };
}

const told = { checked: [] };
for (const credential of check ?? []) told.checked.push(await verified(credential));
if (sign) {
  const issuer = sign.issuer;
  const key = await Ed25519Multikey.generate({ controller: issuer });
  const signer = new DataIntegrityProof({ signer: key.signer(), cryptosuite });
  told.signed = await vc.issue({ credential: sign, suite: signer, documentLoader });
  const method = await key.export({ publicKey: true, includeContext: false });
  told.controller = { id: issuer, verificationMethod: [method], assertionMethod: [key.id] };
}
console.log(JSON.stringify(told));
