//! The direction of imports in `src/`: no two files may depend on each other in a ring, and each top-level module imports
//! only modules that stand on the lines below its own in the drawing of `src/lib.rs`.
//!
//! The dependencies are read from the source with `syn`: `use` declarations, paths in expressions and types, and the
//! `$crate` paths in macro bodies. A re-exported item counts for the file that defines it. Code under `#[cfg(test)]` is
//! left out, as a test module may use the items of its parent.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMacro, UseTree};

/// The name of a module or of an item in it, from the crate's root.
type Name = Vec<String>;

/// One module, with the file that holds it.
#[derive(Default)]
struct Module {
    file: String,
    /// Items defined here, without modules and re-exports.
    items: BTreeSet<String>,
    children: BTreeSet<String>,
    /// Names brought into scope by `use`, with what they stand for.
    imports: BTreeMap<String, Name>,
    /// Modules whose items are all in scope.
    globs: Vec<Name>,
    /// Every other path that the module mentions.
    paths: Vec<Name>,
}

type Modules = BTreeMap<Name, Module>;

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.meta.require_list().is_ok_and(|list| list.tokens.to_string() == "test")
    })
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Mod(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        _ => &[],
    }
}

/// Reads the file of `module` and those of its child modules.
fn read(source: &Path, module: &Name, modules: &mut Modules) {
    let stem = source.join(module.join("/"));
    let candidates = if module.is_empty() {
        vec![source.join("lib.rs")]
    } else {
        vec![stem.with_extension("rs"), stem.join("mod.rs")]
    };
    let path = candidates.into_iter().find(|path| path.exists()).unwrap_or_else(|| panic!("no file of {module:?}"));
    let file = path.strip_prefix(source).unwrap().display().to_string();
    let parsed = syn::parse_file(&std::fs::read_to_string(&path).unwrap()).unwrap();
    read_items(source, module, &file, &parsed.items, modules);
}

fn read_items(source: &Path, name: &Name, file: &str, items: &[Item], modules: &mut Modules) {
    let mut module = Module { file: file.to_owned(), ..Module::default() };
    for item in items.iter().filter(|item| !is_test(attributes(item))) {
        match item {
            Item::Mod(child) => {
                module.children.insert(child.ident.to_string());
                let child_name = [name.as_slice(), &[child.ident.to_string()]].concat();
                match &child.content {
                    Some((_, items)) => read_items(source, &child_name, file, items, modules),
                    None => read(source, &child_name, modules),
                }
            }
            Item::Use(item) => read_use(&item.tree, &mut Vec::new(), &mut module),
            item => {
                module.items.extend(defined(item));
                PathCollector(&mut module.paths).visit_item(item);
            }
        }
    }
    modules.insert(name.clone(), module);
}

fn defined(item: &Item) -> Option<String> {
    let ident = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(ItemMacro { ident: Some(ident), .. }) => ident,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        _ => return None,
    };
    Some(ident.to_string())
}

fn read_use(tree: &UseTree, prefix: &mut Name, module: &mut Module) {
    let with = |last: &str, prefix: &Name| [prefix.as_slice(), &[last.to_owned()]].concat();
    match tree {
        UseTree::Path(path) => {
            prefix.push(path.ident.to_string());
            read_use(&path.tree, prefix, module);
            prefix.pop();
        }
        UseTree::Name(name) if name.ident == "self" => {
            module.imports.insert(prefix.last().cloned().unwrap_or_default(), prefix.clone());
        }
        UseTree::Name(name) => {
            let name = name.ident.to_string();
            module.imports.insert(name.clone(), with(&name, prefix));
        }
        UseTree::Rename(rename) => {
            let target = if rename.ident == "self" { prefix.clone() } else { with(&rename.ident.to_string(), prefix) };
            // `as _` brings a trait into scope without a name, and a module may have several of them.
            let name = if rename.rename == "_" { format!("_ {target:?}") } else { rename.rename.to_string() };
            module.imports.insert(name, target);
        }
        UseTree::Glob(_) => module.globs.push(prefix.clone()),
        UseTree::Group(group) => group.items.iter().for_each(|tree| read_use(tree, prefix, module)),
    }
}

/// Collects the paths of an item, in the bodies of macros too.
struct PathCollector<'p>(&'p mut Vec<Name>);

impl<'ast> Visit<'ast> for PathCollector<'_> {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        // Inside a function.
        let mut module = Module::default();
        read_use(&item.tree, &mut Vec::new(), &mut module);
        self.0.extend(module.imports.into_values().chain(module.globs));
    }

    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {
        // `pub(super)` is no dependency on the parent.
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() {
            self.0.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.visit_path(&call.path);
        collect_tokens(call.tokens.clone(), self.0);
    }
}

/// Collects the paths of a macro's tokens.
fn collect_tokens(tokens: TokenStream, paths: &mut Vec<Name>) {
    let mut path = Name::new();
    let mut colons = 0;
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => {
                if colons != 2 && !path.is_empty() {
                    paths.push(std::mem::take(&mut path));
                }
                path.push(ident.to_string());
                colons = 0;
            }
            TokenTree::Punct(punct) if punct.as_char() == ':' && !path.is_empty() => colons += 1,
            TokenTree::Punct(_) | TokenTree::Literal(_) => {
                paths.push(std::mem::take(&mut path));
                colons = 0;
            }
            TokenTree::Group(group) => {
                paths.push(std::mem::take(&mut path));
                colons = 0;
                collect_tokens(group.stream(), paths);
            }
        }
    }
    paths.push(path);
    paths.retain(|path| !path.is_empty());
}

/// The file that defines what `path` stands for in the module `from`; `None` where it is not of this crate.
fn resolve(modules: &Modules, from: &Name, path: &[String], depth: usize) -> Option<String> {
    let (first, rest) = path.split_first()?;
    let module = modules.get(from)?;
    if depth > 32 {
        return None;
    }
    match first.as_str() {
        "crate" => resolve(modules, &Name::new(), rest, depth + 1).or_else(|| whole(modules, &Name::new(), rest)),
        "self" => resolve(modules, from, rest, depth + 1).or_else(|| whole(modules, from, rest)),
        "super" => {
            let parent = from[..from.len().checked_sub(1)?].to_vec();
            resolve(modules, &parent, rest, depth + 1).or_else(|| whole(modules, &parent, rest))
        }
        name if module.children.contains(name) => {
            let child = [from.as_slice(), &[name.to_owned()]].concat();
            resolve(modules, &child, rest, depth + 1).or_else(|| whole(modules, &child, rest))
        }
        name if module.items.contains(name) => Some(module.file.clone()),
        name => match module.imports.get(name) {
            Some(target) if target.first().is_some_and(|first| first != name) || target.len() > 1 => {
                resolve(modules, from, &[target.as_slice(), rest].concat(), depth + 1)
            }
            Some(_) => None,
            None => module
                .globs
                .iter()
                .find_map(|glob| resolve(modules, from, &[glob.as_slice(), path].concat(), depth + 1)),
        },
    }
}

/// The file of a module that is itself imported.
fn whole(modules: &Modules, module: &Name, rest: &[String]) -> Option<String> {
    rest.is_empty().then(|| modules.get(module).map(|module| module.file.clone()))?
}

/// Which file depends on which.
fn dependencies(modules: &Modules) -> BTreeMap<String, BTreeSet<String>> {
    // A macro that is exported stands at the crate's root.
    let mut dependencies: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, module) in modules {
        let macros = |path: &[String]| {
            let [first, macro_name] = path else { return None };
            (first == "crate").then(|| {
                modules.values().find(|module| module.items.contains(macro_name)).map(|module| module.file.clone())
            })?
        };
        let paths = module.imports.values().chain(&module.globs).chain(&module.paths);
        let targets = paths.filter_map(|path| resolve(modules, name, path, 0).or_else(|| macros(path)));
        let targets = targets.filter(|target| *target != module.file);
        dependencies.entry(module.file.clone()).or_default().extend(targets);
    }
    dependencies
}

/// What can be reached from `from`, with `from` itself where there is a way back.
fn reachable<'d>(dependencies: &'d BTreeMap<String, BTreeSet<String>>, from: &str) -> BTreeSet<&'d str> {
    let mut reached = BTreeSet::new();
    let mut waiting: Vec<&str> = dependencies.get(from).into_iter().flatten().map(String::as_str).collect();
    while let Some(next) = waiting.pop() {
        if reached.insert(next) {
            waiting.extend(dependencies.get(next).into_iter().flatten().map(String::as_str));
        }
    }
    reached
}

/// The dependencies within rings, a line each.
fn rings(dependencies: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let mut lines = Vec::new();
    for (from, targets) in dependencies {
        for to in targets {
            if reachable(dependencies, to).contains(from.as_str()) {
                lines.push(format!("{from} -> {to}"));
            }
        }
    }
    lines
}

fn modules() -> Modules {
    let mut modules = Modules::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &Name::new(), &mut modules);
    modules
}

#[test]
fn no_two_files_import_each_other() {
    let dependencies = dependencies(&modules());
    let total: usize = dependencies.values().map(BTreeSet::len).sum();
    assert!(total > 200, "only {total} imports were found");
    let rings = rings(&dependencies);
    assert!(rings.is_empty(), "{} imports in rings:\n{}", rings.len(), rings.join("\n"));
}

/// Returns the lines of the drawing of modules in `src/lib.rs`, each with its modules.
fn drawn_lines() -> Vec<Vec<String>> {
    let source = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let lines = source.lines().map_while(|line| line.strip_prefix("//!"));
    let lines = lines.skip_while(|line| line.trim() != "# Modules").skip_while(|line| line.trim() != "```text").skip(1);
    let lines = lines.take_while(|line| line.trim() != "```");
    lines.map(|line| line.split_whitespace().map(ToOwned::to_owned).collect()).collect()
}

#[test]
fn a_module_imports_only_modules_that_are_drawn_below_it() {
    let lines = drawn_lines();
    let mut line_of = BTreeMap::new();
    for (index, line) in lines.iter().enumerate() {
        for module in line {
            assert_eq!(line_of.insert(module.as_str(), index), None, "{module} is drawn twice");
        }
    }
    let top_level = |file: &str| file.split('/').next().unwrap().trim_end_matches(".rs").to_owned();
    let modules = modules();
    let mut expected = modules[&Name::new()].children.clone();
    // The program, whose modules are all in the library.
    expected.insert("main".to_owned());
    assert_eq!(lines[0], ["main"]);
    assert_eq!(line_of.keys().map(ToString::to_string).collect::<BTreeSet<_>>(), expected, "the drawn modules");
    let mut checked = BTreeSet::new();
    for (file, targets) in dependencies(&modules) {
        let from = top_level(&file);
        for target in targets {
            let to = top_level(&target);
            if to != from {
                // The crate's root declares the modules and re-exports nothing.
                assert_ne!(from, "lib", "the crate's root imports {target}");
                assert!(line_of[&*from] < line_of[&*to], "{file} imports {target}, and {to} is not drawn below {from}");
                checked.insert((from.clone(), to));
            }
        }
    }
    assert!(checked.len() > 20, "only {} imports between modules were found", checked.len());
}
