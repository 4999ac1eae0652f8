/**
 * Gives the memory of a buffer back at once. The garbage collector sees only the small object that stands for it, and
 * would leave tens of megabytes of such buffers lying in every thread. Nobody may use the buffer afterwards; what is a
 * view of a part of some memory is left alone.
 */
export function freeMemory(bytes: Uint8Array): void {
  const { buffer } = bytes;
  if (buffer instanceof ArrayBuffer && bytes.byteLength === buffer.byteLength && buffer.byteLength > 0)
    buffer.transfer(0);
}
