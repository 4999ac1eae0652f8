import "reflect-metadata";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";
import type { Extension } from "@peculiar/x509";
import { isIP } from "node:net";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const dayMs = 24 * 60 * 60_000;

export interface Certificate {
  certificatePem: string;
  /** PKCS #8, not encrypted. */
  keyPem: string;
}

/** A certificate authority of its own, with a fresh key: two authorities never trust each other. */
export interface Authority {
  readonly caPem: string;
  issueServer(hosts: string[], notAfter?: Date): Promise<Certificate>;
  /** A client certificate whose common name is the role, as `clientcert=verify-full` wants it. */
  issueClient(role: string): Promise<Certificate>;
}

export async function createAuthority(name: string): Promise<Authority> {
  const keys = await generateKeys();
  const authority = await X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [name] }],
    keys,
    signingAlgorithm: algorithm,
    ...validity(),
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  const issue = async (subject: string, extensions: Extension[], notAfter?: Date): Promise<Certificate> => {
    const subjectKeys = await generateKeys();
    const certificate = await X509CertificateGenerator.create({
      subject: [{ CN: [subject] }],
      issuer: authority.subjectName,
      publicKey: subjectKeys.publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: algorithm,
      ...validity(notAfter),
      extensions,
    });
    return { certificatePem: certificate.toString("pem"), keyPem: await exportKey(subjectKeys.privateKey) };
  };
  return {
    caPem: authority.toString("pem"),
    issueServer: (hosts, notAfter) => issue(hosts[0] ?? "server", serverExtensions(hosts), notAfter),
    issueClient: (role) => issue(role, [new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth])]),
  };
}

function serverExtensions(hosts: string[]): Extension[] {
  const names = hosts.map((value) => ({ type: isIP(value) ? ("ip" as const) : ("dns" as const), value }));
  return [
    new BasicConstraintsExtension(false, undefined, true),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
    new SubjectAlternativeNameExtension(names),
  ];
}

function validity(notAfter = new Date(Date.now() + 30 * dayMs)): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(Math.min(Date.now(), notAfter.getTime()) - dayMs), notAfter };
}

async function generateKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
}

async function exportKey(key: CryptoKey): Promise<string> {
  return PemConverter.encode(await crypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY");
}
