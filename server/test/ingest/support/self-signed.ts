// A certificate nobody signed, as cameras have them, made by openssl in the test's own directory.
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';

export type SelfSigned = { readonly key: string; readonly cert: string; readonly sha256: string };

export function makeSelfSigned(t: Test): SelfSigned {
  const directory = t.testdir();
  const [keyFile, certFile] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  execFileSync('openssl', [...request, '-subj', '/CN=camera', '-keyout', keyFile, '-out', certFile], {
    stdio: 'ignore',
  });
  const cert = readFileSync(certFile, 'utf8');
  return { key: readFileSync(keyFile, 'utf8'), cert, sha256: new X509Certificate(cert).fingerprint256 };
}
