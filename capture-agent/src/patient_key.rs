//! Keys that tell apart whom pictures may show.
//!
//! Owns drawing a key from what tells patients apart, with a secret of this device, so that a key says nothing of anybody and a
//! restart gives the same one. The secret lies in the spool's folder; without a folder it lasts as long as the process.

use echo_dicom::write::{Date, PersonName};
use guarded::GuardedClip;
use sha2::{Digest, Sha256};
use std::fs::{File, OpenOptions};
use std::hash::{Hash, Hasher};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::OnceLock;
use wire::original::PatientKey;

const SECRET_BYTES: usize = 16;
const SECRET_FILE: &str = "patient-keys";

static SECRET: OnceLock<[u8; SECRET_BYTES]> = OnceLock::new();

/// What tells whom a picture shows, the best that there is. It names a patient, so it is not shown, logged or kept.
#[derive(Hash)]
pub enum Shows {
    /// The examination of the patient that a file names. Two files that agree in all of it show one.
    Patient {
        /// Patient ID.
        id: String,
        /// Patient's Name.
        name: PersonName,
        /// Patient's Birth Date.
        birth_date: Option<Date>,
        /// Study Instance UID: another day is another heart, and files without names share what stands for one.
        study: String,
    },
    /// A file that says less, and a device, by how it was asked for: whom a device shows is the visit's to say.
    Source(String),
}

impl Shows {
    /// Whom a DICOM clip shows that was opened at `path`. Blocks.
    #[must_use]
    pub fn of_clip(clip: &GuardedClip, path: &Path) -> Self {
        let Ok(stored) = clip.provenance() else {
            return Self::Source(path.display().to_string());
        };
        Self::Patient {
            id: stored.patient.id,
            name: stored.patient.name,
            birth_date: stored.patient.birth_date,
            study: stored.study.uid.as_str().to_owned(),
        }
    }

    /// Its key on this device.
    #[must_use]
    pub fn key(&self) -> PatientKey {
        self.key_by(SECRET.get_or_init(random))
    }

    fn key_by(&self, secret: &[u8; SECRET_BYTES]) -> PatientKey {
        let mut digest = Digesting(Sha256::new_with_prefix(secret));
        self.hash(&mut digest);
        let [a, b, c, d, ..]: [u8; 32] = digest.0.finalize().into();
        PatientKey(u32::from_le_bytes([a, b, c, d]))
    }
}

/// From now on keys are drawn with the secret of this folder, which is made when there is none.
///
/// # Errors
/// When it cannot be read or made; keys then last as long as the process.
pub fn keep_secret(folder: &Path) -> io::Result<()> {
    let secret = kept_secret(folder)?;
    // Set by whoever came first: a process has one spool.
    SECRET.get_or_init(|| secret);
    Ok(())
}

fn kept_secret(folder: &Path) -> io::Result<[u8; SECRET_BYTES]> {
    let path = folder.join(SECRET_FILE);
    let mut secret = [0; SECRET_BYTES];
    match File::open(&path).and_then(|mut file| file.read_exact(&mut secret)) {
        Ok(()) => return Ok(secret),
        // Cut short by a crash while it was made: nothing was drawn with it for long.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    std::fs::create_dir_all(folder)?;
    secret = random();
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&path)?;
    file.write_all(&secret)?;
    file.sync_all()?;
    Ok(secret)
}

fn random() -> [u8; SECRET_BYTES] {
    uuid::Uuid::new_v4().into_bytes()
}

/// Gives a digest what is hashed. Lengths of texts are part of it.
struct Digesting(Sha256);

impl Hasher for Digesting {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        0 // Never asked: the digest has more bytes.
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patient(id: &str, study: &str) -> Shows {
        Shows::Patient {
            id: id.to_owned(),
            name: PersonName::new("Yamada^Tarou"),
            birth_date: None,
            study: study.to_owned(),
        }
    }

    #[test]
    fn a_key_is_of_one_examination_of_one_patient() {
        let key = |shows: &Shows| shows.key_by(&[7; SECRET_BYTES]);
        assert_eq!(key(&patient("1", "1.2")), key(&patient("1", "1.2")));
        assert_ne!(key(&patient("1", "1.2")), key(&patient("2", "1.2")));
        assert_ne!(key(&patient("1", "1.2")), key(&patient("1", "1.3")));
        assert_ne!(key(&patient("11", ".2")), key(&patient("1", "1.2")));
    }

    #[test]
    fn the_secret_of_a_folder_stays_and_another_device_has_another() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let secret = kept_secret(one.path()).unwrap();
        assert_eq!(kept_secret(one.path()).unwrap(), secret);
        let elsewhere = kept_secret(other.path()).unwrap();
        let shows = Shows::Source("test".to_owned());
        assert_ne!(shows.key_by(&secret), shows.key_by(&elsewhere));
    }

    #[test]
    fn a_secret_that_was_cut_short_is_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(SECRET_FILE), [1, 2, 3]).unwrap();
        let secret = kept_secret(folder.path()).unwrap();
        assert_eq!(kept_secret(folder.path()).unwrap(), secret);
    }
}
