//! Certificates of a hospital that exists for one test: an authority, and whom it vouches for.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use std::fs::{Permissions, write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// An authority.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: PathBuf,
    name: &'static str,
}

/// A certificate and its key, as files.
pub struct Issued {
    pub certificate: String,
    pub key: String,
}

impl Authority {
    pub fn new(folder: &Path, name: &'static str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let issuer = CertifiedIssuer::self_signed(params, key).unwrap();
        let authority = Self {
            issuer,
            folder: folder.to_owned(),
            name,
        };
        write(authority.file(), authority.issuer.pem()).unwrap();
        authority
    }

    /// Its own certificate.
    pub fn file(&self) -> String {
        let file = self.folder.join(self.name).with_extension("pem");
        file.to_str().unwrap().to_owned()
    }

    /// For an application of this name.
    pub fn issues(&self, name: &str) -> Issued {
        self.issues_until(name, 2_100)
    }

    /// Good until the first day of a year.
    pub fn issues_until(&self, name: &str, year: i32) -> Issued {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_after = date_time_ymd(year, 1, 1);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let file = |kind: &str, text: String| {
            let file = self
                .folder
                .join(format!("{}-{name}-{year}.{kind}", self.name));
            write(&file, text).unwrap();
            std::fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
            file.to_str().unwrap().to_owned()
        };
        Issued {
            certificate: file("pem", certificate.pem()),
            key: file("key", key.serialize_pem()),
        }
    }
}
