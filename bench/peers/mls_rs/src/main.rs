//! mls-rs at the operations of bench_mls, in the same lines:
//!
//!     bench-mls_rs openssl SUITE MEMBERS FOLDER PLANTER...
//!
//! PLANTER is `bench_mls plant`, which makes the group that Anna and Bert join, so that the tree is
//! the same for every library. With two members they make it themselves. Storage is mls-rs' own in
//! memory.
#[path = "../../common.rs"]
mod common;

use common::{heap, Bench};
use mls_rs::client_builder::MlsConfig;
use mls_rs::client_builder::PaddingMode;
use mls_rs::crypto::SignatureSecretKey;
use mls_rs::group::ReceivedMessage;
use mls_rs::identity::basic::{BasicCredential, BasicIdentityProvider};
use mls_rs::identity::SigningIdentity;
use mls_rs::mls_rules::{CommitOptions, DefaultMlsRules, EncryptionOptions};
use mls_rs::storage_provider::in_memory::InMemoryGroupStateStorage;
use mls_rs::{
    CipherSuite, CipherSuiteProvider, Client, CryptoProvider, Group, GroupStateStorage, MlsMessage,
};
use mls_rs_crypto_openssl::OpensslCryptoProvider;
use std::cell::RefCell;

struct Person<C> {
    client: Client<C>,
    signer: SignatureSecretKey,
    identity: SigningIdentity,
    storage: InMemoryGroupStateStorage,
}

fn person(suite: u16, name: &str) -> Person<impl MlsConfig> {
    let suite = CipherSuite::new(suite);
    let crypto = OpensslCryptoProvider::default();
    let (signer, public) = crypto
        .cipher_suite_provider(suite)
        .unwrap()
        .signature_key_generate()
        .unwrap();
    let credential = BasicCredential::new(name.as_bytes().to_vec()).into_credential();
    let identity = SigningIdentity::new(credential, public);
    let storage = InMemoryGroupStateStorage::new();
    let rules = DefaultMlsRules::new()
        .with_commit_options(CommitOptions::new().with_path_required(true))
        .with_encryption_options(EncryptionOptions::new(true, PaddingMode::StepFunction));
    let client = Client::builder()
        .identity_provider(BasicIdentityProvider)
        .crypto_provider(crypto)
        .group_state_storage(storage.clone())
        .mls_rules(rules)
        .signing_identity(identity.clone(), signer.clone(), suite)
        .build();
    Person {
        client,
        signer,
        identity,
        storage,
    }
}

impl<C: MlsConfig> Person<C> {
    fn key_package(&self) -> Vec<u8> {
        self.client
            .generate_key_package_message(Default::default(), Default::default(), None)
            .unwrap()
            .to_bytes()
            .unwrap()
    }

    fn create(&self) -> Group<C> {
        self.client
            .create_group(Default::default(), Default::default(), None)
            .unwrap()
    }

    fn join(&self, welcome: &[u8]) -> Group<C> {
        let welcome = MlsMessage::from_bytes(welcome).unwrap();
        self.client.join_group(None, &welcome, None).unwrap().0
    }

    fn load(&self, id: &[u8]) -> Group<C> {
        self.client.load_group(id).unwrap()
    }
}

fn commit<C: MlsConfig>(
    group: &mut Group<C>,
    adds: &[Vec<u8>],
    remove: Option<u32>,
) -> (Vec<u8>, Vec<u8>) {
    let mut builder = group.commit_builder();
    for key_package in adds {
        let message = MlsMessage::from_bytes(key_package).unwrap();
        builder = builder.add_member(message).unwrap();
    }
    if let Some(leaf) = remove {
        builder = builder.remove_member(leaf).unwrap();
    }
    let output = builder.build().unwrap();
    let welcome = output
        .welcome_messages()
        .first()
        .map(|w| w.to_bytes().unwrap());
    (
        output.commit_message().to_bytes().unwrap(),
        welcome.unwrap_or_default(),
    )
}

fn process<C: MlsConfig>(group: &mut Group<C>, message: &[u8]) -> ReceivedMessage {
    group
        .process_incoming_message(MlsMessage::from_bytes(message).unwrap())
        .unwrap()
}

fn measure_group(b: &Bench) {
    let [anna, bert, cem] = ["anna", "bert", "cem"].map(|name| person(b.suite, name));
    b.measure("create", || (), |_| anna.create());

    let (cem_key, bert_key) = (cem.key_package(), bert.key_package());
    let (mut a, welcome) = if b.members == 2 {
        let mut group = anna.create();
        let (_, welcome) = commit(&mut group, &[bert_key], None);
        group.apply_pending_commit().unwrap();
        (group, welcome)
    } else {
        let welcome = b.plant(&anna.key_package(), &bert_key);
        (anna.join(&welcome), welcome)
    };
    let mut of_bert = b.measure("join", || (), |_| bert.join(&welcome));

    let (first, _) = commit(&mut a, &[], None);
    a.apply_pending_commit().unwrap();
    process(&mut of_bert, &first);
    a.write_to_storage().unwrap();
    of_bert.write_to_storage().unwrap();

    let (a, of_bert) = (a, of_bert);
    let id = a.group_id().to_vec();
    let follow = |operation: &str, commit: &[u8]| {
        b.measure(
            operation,
            || of_bert.clone(),
            |mut group| (process(&mut group, commit), group),
        );
    };
    let make = |operation: &str, adds: &[Vec<u8>], remove: Option<u32>| {
        b.measure(
            operation,
            || a.clone(),
            |mut group| (commit(&mut group, adds, remove), group),
        )
        .0
         .0
    };
    follow("add: process", &make("add: commit", &[cem_key], None));
    let update = b.measure(
        "update: commit",
        || a.clone(),
        |mut group| {
            let output = group
                .commit_builder()
                .set_new_signing_identity(anna.signer.clone(), anna.identity.clone())
                .build()
                .unwrap();
            (output.commit_message().to_bytes().unwrap(), group)
        },
    );
    follow("update: process", &update.0);
    follow("empty: process", &make("empty: commit", &[], None));
    if b.members > 2 {
        follow(
            "remove: process",
            &make("remove: commit", &[], Some(b.members as u32 / 2)),
        );
    }

    let (mut sender, mut receiver) = (a.clone(), of_bert.clone());
    let send = |group: &mut Group<_>| {
        let message = group
            .encrypt_application_message(b"a short text", vec![])
            .unwrap();
        message.to_bytes().unwrap()
    };
    b.measure("send", || (), |_| send(&mut sender));
    process(&mut receiver, &send(&mut sender));
    b.measure(
        "receive",
        || send(&mut sender),
        |message| process(&mut receiver, &message),
    );

    // Its storage takes each epoch once.
    let saver = RefCell::new(a.clone());
    b.measure(
        "apply, save",
        || drop(commit(&mut saver.borrow_mut(), &[], None)),
        |_| {
            let mut group = saver.borrow_mut();
            group.apply_pending_commit().unwrap();
            group.write_to_storage().unwrap();
        },
    );
    b.show(
        "saved bytes",
        anna.storage.state(&id).unwrap().unwrap().len() as f64,
    );
    drop((sender, receiver));
    let before = heap();
    let loaded = b.measure("load", || (), |_| anna.load(&id));
    b.show("heap bytes", (heap() - before) as f64);
    drop(loaded);

    // Last, as it may be cut short.
    let many: Vec<_> = (1..b.members)
        .map(|i| person(b.suite, &format!("person {i}")).key_package())
        .collect();
    b.measure(
        "add many: commit",
        || anna.create(),
        |mut group| (commit(&mut group, &many, None), group),
    );
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    measure_group(&Bench::new(&args[2..]));
}
