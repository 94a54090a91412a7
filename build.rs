//! Compresses the files of Swagger UI, which `/docs` serves. A build dependency contains them as a zip archive.

use std::fs::File;
use std::io::Cursor;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;
use zip::ZipArchive;

/// Output files, each with the paths of its parts in the archive, relative to the archive's top directory.
const FILES: [(&str, &[&str]); 3] = [
    ("swagger-ui-bundle.js.gz", &["dist/swagger-ui-bundle.js"]),
    ("swagger-ui.css.gz", &["dist/swagger-ui.css"]),
    ("swagger-ui-license.gz", &["NOTICE", "LICENSE"]),
];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let out_dir = std::env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    let mut archive = ZipArchive::new(Cursor::new(SWAGGER_UI_VENDORED)).expect("a zip archive");
    // The name of the top directory contains the version.
    let top_directory = archive.by_index(0).expect("an entry").name().expect("a name").trim_end_matches('/').to_owned();
    for (name, paths) in FILES {
        let file = File::create(Path::new(&out_dir).join(name)).expect("OUT_DIR is writable");
        let mut gzip = GzEncoder::new(file, Compression::best());
        for path in paths {
            let mut entry = archive.by_name(&format!("{top_directory}/{path}")).expect("a file of Swagger UI");
            std::io::copy(&mut entry, &mut gzip).expect("the entry is decompressed and written");
        }
        gzip.finish().expect("the file is written");
    }
}
