import { expect, test } from "vitest";
import { idOfDigest } from "../ids";
import { sumOf } from "./sum";

test("a file is named by its SHA-256, as the relay names it", async () => {
  // NIST FIPS 180-2, appendix B.1.
  const { digest, clip } = await sumOf(new Blob(["ab", "c"]));
  expect(digest).toBe("ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
  expect(clip).toBe("ba7816bf-8f01-8fea-8141-40de5dae2223");
  expect(idOfDigest(new Uint8Array(32).fill(1))).toBe("01010101-0101-8101-8101-010101010101");
});
