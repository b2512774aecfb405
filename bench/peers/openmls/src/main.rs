//! OpenMLS at the operations of bench_mls, in the same lines:
//!
//!     bench-openmls PROVIDER SUITE MEMBERS FOLDER PLANTER...
//!
//! PROVIDER is libcrux or rustcrypto; PLANTER is `bench_mls plant`, which makes the group that Anna
//! and Bert join, so that the tree is the same for every library. With two members they make it
//! themselves, as they do in the suite of X-Wing, which derives other keys than ours from the same
//! secrets. Storage is OpenMLS' own in memory: what an operation writes there is in its time, as it
//! cannot be had without.
#[path = "../../common.rs"]
mod common;

use common::{heap, Bench};
use openmls::prelude::{tls_codec::*, *};
use openmls_basic_credential::SignatureKeyPair;
use openmls_memory_storage::MemoryStorage;
use openmls_traits::OpenMlsProvider;
use std::collections::HashMap;

const XWING: Ciphersuite = Ciphersuite::MLS_256_XWING_CHACHA20POLY1305_SHA256_Ed25519;

const PADDING: usize = 200; // as bench_mls does

type Stored = HashMap<Vec<u8>, Vec<u8>>;

trait Provider: OpenMlsProvider<StorageProvider = MemoryStorage> + Default {}
impl<P: OpenMlsProvider<StorageProvider = MemoryStorage> + Default> Provider for P {}

struct Person<P> {
    provider: P,
    signer: SignatureKeyPair,
    credential: CredentialWithKey,
}

impl<P: Provider> Person<P> {
    fn new(suite: Ciphersuite, name: &str) -> Self {
        let signer = SignatureKeyPair::new(suite.signature_algorithm()).unwrap();
        let credential = CredentialWithKey {
            credential: BasicCredential::new(name.as_bytes().to_vec()).into(),
            signature_key: signer.to_public_vec().into(),
        };
        Person {
            provider: P::default(),
            signer,
            credential,
        }
    }

    /// An MLSMessage, as it comes from others.
    fn key_package(&self, suite: Ciphersuite) -> Vec<u8> {
        let bundle = KeyPackage::builder()
            .build(suite, &self.provider, &self.signer, self.credential.clone())
            .unwrap();
        MlsMessageOut::from(bundle.key_package().clone())
            .tls_serialize_detached()
            .unwrap()
    }

    fn validated(&self, mut bytes: &[u8]) -> KeyPackage {
        let message = MlsMessageIn::tls_deserialize(&mut bytes).unwrap();
        let MlsMessageBodyIn::KeyPackage(key_package) = message.extract() else {
            panic!("no key package")
        };
        key_package
            .validate(self.provider.crypto(), ProtocolVersion::Mls10)
            .unwrap()
    }

    fn stored(&self) -> Stored {
        self.provider.storage().values.read().unwrap().clone()
    }

    fn restore(&self, stored: &Stored) {
        *self.provider.storage().values.write().unwrap() = stored.clone();
    }

    fn load(&self, id: &GroupId) -> MlsGroup {
        MlsGroup::load(self.provider.storage(), id)
            .unwrap()
            .unwrap()
    }

    fn create(&self, suite: Ciphersuite) -> MlsGroup {
        let config = MlsGroupCreateConfig::builder()
            .ciphersuite(suite)
            .wire_format_policy(PURE_CIPHERTEXT_WIRE_FORMAT_POLICY)
            .padding_size(PADDING)
            .use_ratchet_tree_extension(true)
            .build();
        MlsGroup::new(
            &self.provider,
            &self.signer,
            &config,
            self.credential.clone(),
        )
        .unwrap()
    }

    fn commit(
        &self,
        group: &mut MlsGroup,
        adds: &[Vec<u8>],
        removes: Vec<LeafNodeIndex>,
    ) -> (Vec<u8>, Vec<u8>) {
        let p = &self.provider;
        let bundle = group
            .commit_builder()
            .propose_adds(adds.iter().map(|bytes| self.validated(bytes)))
            .propose_removals(removes)
            .force_self_update(true)
            .load_psks(p.storage())
            .unwrap()
            .create_group_info(false)
            .build(p.rand(), p.crypto(), &self.signer, |_| true)
            .unwrap()
            .stage_commit(p)
            .unwrap();
        let (commit, welcome, _) = bundle.into_messages();
        let welcome = welcome.map_or(Vec::new(), |w| w.tls_serialize_detached().unwrap());
        (commit.tls_serialize_detached().unwrap(), welcome)
    }

    fn update(&self, group: &mut MlsGroup) -> Vec<u8> {
        let leaf = LeafNodeParameters::builder()
            .with_credential_with_key(self.credential.clone())
            .build();
        let p = &self.provider;
        group
            .commit_builder()
            .leaf_node_parameters(leaf)
            .load_psks(p.storage())
            .unwrap()
            .create_group_info(false)
            .build(p.rand(), p.crypto(), &self.signer, |_| true)
            .unwrap()
            .stage_commit(p)
            .unwrap()
            .into_commit()
            .tls_serialize_detached()
            .unwrap()
    }

    fn join(&self, mut welcome: &[u8]) -> MlsGroup {
        let config = MlsGroupJoinConfig::builder()
            .wire_format_policy(PURE_CIPHERTEXT_WIRE_FORMAT_POLICY)
            .padding_size(PADDING)
            .use_ratchet_tree_extension(true)
            .build();
        let message = MlsMessageIn::tls_deserialize(&mut welcome).unwrap();
        let MlsMessageBodyIn::Welcome(welcome) = message.extract() else {
            panic!("no Welcome")
        };
        StagedWelcome::new_from_welcome(&self.provider, &config, welcome, None)
            .unwrap()
            .into_group(&self.provider)
            .unwrap()
    }

    fn process(&self, group: &mut MlsGroup, mut message: &[u8]) -> ProcessedMessageContent {
        let message = MlsMessageIn::tls_deserialize(&mut message).unwrap();
        group
            .process_message(&self.provider, message.try_into_protocol_message().unwrap())
            .unwrap()
            .into_content()
    }

    fn follow(&self, group: &mut MlsGroup, commit: &[u8]) {
        match self.process(group, commit) {
            ProcessedMessageContent::StagedCommitMessage(staged) => {
                group.merge_staged_commit(&self.provider, *staged).unwrap()
            }
            _ => panic!("no commit"),
        }
    }
}

/// Anna makes the group herself, Bert last; whoever she adds commits once, so the tree is full.
fn grow<P: Provider>(
    b: &Bench,
    suite: Ciphersuite,
    anna: &Person<P>,
    bert: &[u8],
) -> (MlsGroup, Vec<u8>) {
    let mut group = anna.create(suite);
    for i in 1..b.members - 1 {
        let person = Person::<P>::new(suite, &format!("person {i}"));
        let (_, welcome) = anna.commit(&mut group, &[person.key_package(suite)], vec![]);
        group.merge_pending_commit(&anna.provider).unwrap();
        let (commit, _) = person.commit(&mut person.join(&welcome), &[], vec![]);
        anna.follow(&mut group, &commit);
    }
    let (_, welcome) = anna.commit(&mut group, &[bert.to_vec()], vec![]);
    group.merge_pending_commit(&anna.provider).unwrap();
    (group, welcome)
}

fn measure_group<P: Provider>(b: &Bench) {
    let suite = Ciphersuite::try_from(b.suite).unwrap();
    let [anna, bert, cem] = ["anna", "bert", "cem"].map(|name| Person::<P>::new(suite, name));
    b.measure(
        "create",
        || anna.restore(&Stored::new()),
        |_| anna.create(suite),
    );
    anna.restore(&Stored::new());

    let cem_key = cem.key_package(suite);
    let bert_key = bert.key_package(suite);
    let itself = b.members == 2 || suite == XWING;
    let (mut a, welcome) = if itself {
        grow(b, suite, &anna, &bert_key)
    } else {
        let welcome = b.plant(&anna.key_package(suite), &bert_key);
        (anna.join(&welcome), welcome)
    };
    let before_join = bert.stored();
    let mut of_bert = b.measure(
        "join",
        || bert.restore(&before_join),
        |_| bert.join(&welcome),
    );
    let id = a.group_id().clone();

    let (first, _) = anna.commit(&mut a, &[], vec![]);
    a.merge_pending_commit(&anna.provider).unwrap();
    bert.follow(&mut of_bert, &first);
    let before = bert.stored();
    let fresh = || {
        bert.restore(&before);
        bert.load(&id)
    };
    let process = |operation: &str, commit: &[u8]| {
        b.measure(operation, fresh, |mut group| {
            bert.process(&mut group, commit)
        });
    };
    let anna_before = anna.stored();
    let again = || {
        anna.restore(&anna_before);
        anna.load(&id)
    };
    let add = [cem_key];
    let commit = |operation: &str, adds: &[Vec<u8>], removes: &[u32]| {
        let removes: Vec<_> = removes.iter().map(|r| LeafNodeIndex::new(*r)).collect();
        b.measure(
            operation,
            || (again(), removes.clone()),
            |(mut group, removes)| (anna.commit(&mut group, adds, removes), group),
        )
        .0
         .0
    };
    process("add: process", &commit("add: commit", &add, &[]));
    let update = b
        .measure("update: commit", again, |mut group| {
            (anna.update(&mut group), group)
        })
        .0;
    process("update: process", &update);
    process("empty: process", &commit("empty: commit", &[], &[]));
    if b.members > 2 {
        process(
            "remove: process",
            &commit("remove: commit", &[], &[b.members as u32 / 2]),
        );
    }

    let mut of_anna = again();
    let mut of_bert = fresh();
    let text = b"a short text";
    let send = |group: &mut MlsGroup| {
        let message = group
            .create_message(&anna.provider, &anna.signer, text)
            .unwrap();
        message.tls_serialize_detached().unwrap()
    };
    b.measure("send", || (), |_| send(&mut of_anna));
    bert.process(&mut of_bert, &send(&mut of_anna));
    b.measure(
        "receive",
        || send(&mut of_anna),
        |message| bert.process(&mut of_bert, &message),
    );

    let pending = || {
        let mut group = again();
        anna.commit(&mut group, &[], vec![]);
        group
    };
    b.measure("apply, save", pending, |mut group| {
        group.merge_pending_commit(&anna.provider).unwrap();
        group
    });
    let stored = anna.stored();
    b.show(
        "saved bytes",
        stored.iter().map(|(k, v)| k.len() + v.len()).sum::<usize>() as f64,
    );
    drop((of_anna, of_bert));
    let before = heap();
    let loaded = b.measure("load", || (), |_| anna.load(&id));
    b.show("heap bytes", (heap() - before) as f64);
    drop(loaded);

    // Last, as it may be cut short.
    let many: Vec<_> = (1..b.members)
        .map(|i| Person::<P>::new(suite, &format!("person {i}")).key_package(suite))
        .collect();
    b.measure(
        "add many: commit",
        || anna.create(suite),
        |mut group| (anna.commit(&mut group, &many, vec![]), group),
    );
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let b = Bench::new(&args[2..]);
    match args[1].as_str() {
        "libcrux" => measure_group::<openmls_libcrux_crypto::Provider>(&b),
        _ => measure_group::<openmls_rust_crypto::OpenMlsRustCrypto>(&b),
    }
}
