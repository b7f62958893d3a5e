// Why a frame that is here cannot be shown, for whoever tells people about it.
//
// Apart from the loaders, because both of them and the player know these. What cannot be had is an `ApiProblem`.

/** The bytes are here and are no picture that this browser shows. */
export class Undecodable extends Error {
  constructor(
    readonly index: number,
    cause: unknown,
  ) {
    super(`frame ${index} cannot be decoded: ${String(cause)}`);
    this.name = "Undecodable";
  }
}

/** The clip is a video, and this browser has no decoder for it. */
export class NoVideoDecoder extends Error {
  constructor(codec: string) {
    super(`this browser does not decode ${codec}`);
    this.name = "NoVideoDecoder";
  }
}
