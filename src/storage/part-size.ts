/** Every store accepts numbers from 1 to 10,000 (S3, "Multipart upload limits"). */
export const maxParts = 10_000;

const mebibyte = 1024 * 1024;

/** S3 takes parts from 5 MiB; larger ones cost fewer requests. */
const leastPartBytes = 8 * mebibyte;

/** S3 takes no part above 5 GiB. */
const mostPartBytes = 5 * 1024 * mebibyte;

/**
 * A part size with which an archive half as large again as estimated still fits into 9,000 of the 10,000 parts:
 * at least 8 MiB, in whole MiB. Equal parts all the way: R2 demands them.
 */
export function partBytesFor(estimatedBytes: number): number {
  const needed = Math.ceil((estimatedBytes * 1.5) / 9_000 / mebibyte) * mebibyte;
  return Math.min(mostPartBytes, Math.max(leastPartBytes, needed));
}

/** The largest object that parts of this size can make. */
export function maxUploadBytes(partBytes: number): number {
  return partBytes * maxParts;
}
