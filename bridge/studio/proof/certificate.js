/**
 * A take's certificate, checked step by step as `starbridge verify` does: the statement's hash stands in the log's entry, the entry is
 * in the tree of the checkpoint, the checkpoint is signed by the log's key, and files have the hashes that the statement names.
 *
 * @typedef {{ statement: Record<string, any>, entry: Record<string, any>, index: number, proof: string[], checkpoint: string, log_key: string }} Certificate
 * @typedef {{ size: number, signed: import("./note.js").Signed }} Checked
 */

import { canonical } from "../canonical.js";
import { isIncluded, leafHash, sha256 } from "./merkle.js";
import { Doubt, fromBase64, openNote, readKey, toHex } from "./note.js";

/**
 * @param {Certificate} certificate
 * @param {string} expected_key  the log's key as the session says it; empty takes the certificate's own
 * @returns {Promise<Checked>}
 * @throws {Doubt}
 */
export async function checkCertificate(certificate, expected_key) {
  const { statement, entry, index, proof, checkpoint, log_key } = certificate;
  const bytes = (/** @type {unknown} */ value) => new TextEncoder().encode(canonical(value));
  if (toHex(await sha256(bytes(statement))) !== entry.event?.statement) throw new Doubt("The statement is not the one that the log holds the hash of.");
  if (expected_key && log_key !== expected_key) throw new Doubt("The certificate names another key than this session's.");
  const head = await openNote(checkpoint, await readKey(log_key));
  if (entry.index !== index || statement.origin !== head.origin) throw new Doubt("The certificate's entry is of another log.");
  const held = await isIncluded({ index, size: head.size, leaf: await leafHash(bytes(entry)), proof: proof.map(fromBase64), root: head.root });
  if (!held) throw new Doubt("The entry is not in the log that the checkpoint is of.");
  return { size: head.size, signed: head.signed };
}

/**
 * @param {Certificate} certificate
 * @param {string} name  as the statement calls the file
 * @param {ArrayBuffer} data
 * @throws {Doubt}
 */
export async function checkFile(certificate, name, data) {
  const told = certificate.statement.files?.[name];
  if (toHex(await sha256(new Uint8Array(data))) !== told) throw new Doubt(`${name} is not the file that was made.`);
}
