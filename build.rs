//! Takes the files of Swagger UI that `/docs` serves out of the crate that brings them, packed with gzip.

use std::fs::File;
use std::io::Cursor;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;
use zip::ZipArchive;

/// Each file's name here, and the paths of what is in it in the archive, below its one folder.
const FILES: [(&str, &[&str]); 3] = [
    ("swagger-ui-bundle.js.gz", &["dist/swagger-ui-bundle.js"]),
    ("swagger-ui.css.gz", &["dist/swagger-ui.css"]),
    ("swagger-ui-license.gz", &["NOTICE", "LICENSE"]),
];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let folder = std::env::var("OUT_DIR").expect("cargo sets it");
    let mut archive = ZipArchive::new(Cursor::new(SWAGGER_UI_VENDORED)).expect("a zip archive");
    // Everything stands below one folder, which has the version in its name.
    let root = archive.by_index(0).expect("an entry").name().expect("a name").trim_end_matches('/').to_owned();
    for (name, paths) in FILES {
        let file = File::create(Path::new(&folder).join(name)).expect("the folder is there");
        let mut packed = GzEncoder::new(file, Compression::best());
        for path in paths {
            let mut entry = archive.by_name(&format!("{root}/{path}")).expect("Swagger UI has this file");
            std::io::copy(&mut entry, &mut packed).expect("it can be unpacked, and the disk has room");
        }
        packed.finish().expect("the disk has room");
    }
}
