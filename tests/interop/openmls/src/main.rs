//! OpenMLS as a peer that answers the commands of docs/MLS-PEER.md, as far as the tests need them.
//! Every member has a provider of its own: the groups in one are told apart by their group id.
use openmls::prelude::tls_codec::{Deserialize as _, Serialize as _};
use openmls::prelude::*;
use openmls::schedule::{psk::ResumptionPskUsage, PreSharedKeyId};
use openmls_basic_credential::SignatureKeyPair;
use openmls_rust_crypto::OpenMlsRustCrypto;
use serde_json::{json, Value};
use std::collections::HashMap;
use std::fmt::Debug;
use std::io::{BufRead, Write};
use std::rc::Rc;

/// What the library refuses is told; a request that makes no sense ends the process.
type Answer<T = Value> = Result<T, String>;

trait Told<T> {
    fn told(self) -> Answer<T>;
}

impl<T, E: Debug> Told<T> for Result<T, E> {
    fn told(self) -> Answer<T> {
        self.map_err(|e| format!("{e:?}"))
    }
}

/// Who acts: keys, credential and storage of one member.
#[derive(Clone)]
struct Client {
    provider: Rc<OpenMlsRustCrypto>,
    signer: Rc<SignatureKeyPair>,
    credential: CredentialWithKey,
    capabilities: Capabilities,
}

struct Member {
    client: Client,
    group: MlsGroup,
}

enum Object {
    KeyPackage(Client),
    Group(Box<Member>),
    Nothing,
}

#[derive(Default)]
struct Peer {
    keys: HashMap<String, Rc<SignatureKeyPair>>,
    objects: Vec<Object>,
    providers: Vec<Rc<OpenMlsRustCrypto>>,
    psks: Vec<(Vec<u8>, Vec<u8>)>,
}

// ---- Fields ----

fn decode(text: &Value) -> Vec<u8> {
    hex::decode(text.as_str().expect("a text")).expect("hexadecimal")
}

fn bytes(q: &Value, key: &str) -> Vec<u8> {
    decode(&q[key])
}

fn number(q: &Value, key: &str) -> u64 {
    q[key].as_u64().expect("a number")
}

fn flag(q: &Value, key: &str) -> bool {
    q[key].as_bool().unwrap_or(false)
}

fn list<'a>(q: &'a Value, key: &str) -> &'a [Value] {
    q[key].as_array().map_or(&[], |a| a.as_slice())
}

fn suite(q: &Value) -> Answer<Ciphersuite> {
    Ciphersuite::try_from(number(q, "suite") as u16).told()
}

fn extensions(q: &Value) -> Answer<Extensions<GroupContext>> {
    let mut all = Vec::new();
    for one in list(q, "extensions") {
        let mut encoded = (number(one, "type") as u16).to_be_bytes().to_vec();
        encoded.extend(
            VLBytes::from(bytes(one, "data"))
                .tls_serialize_detached()
                .told()?,
        );
        all.push(Extension::tls_deserialize_exact(&encoded).told()?);
    }
    Extensions::from_vec(all).told()
}

fn body(message: &[u8]) -> Answer<MlsMessageBodyIn> {
    Ok(MlsMessageIn::tls_deserialize_exact(message)
        .told()?
        .extract())
}

fn key_package(provider: &OpenMlsRustCrypto, text: &Value) -> Answer<KeyPackage> {
    let message = decode(text);
    match body(&message)? {
        MlsMessageBodyIn::KeyPackage(kp) => kp
            .validate(provider.crypto(), ProtocolVersion::Mls10)
            .told(),
        _ => Err("not a KeyPackage".into()),
    }
}

fn tree(q: &Value) -> Answer<Option<RatchetTreeIn>> {
    if q["tree"].is_null() {
        return Ok(None);
    }
    Ok(Some(
        RatchetTreeIn::tls_deserialize_exact(&bytes(q, "tree")).told()?,
    ))
}

// ---- Settings ----

fn wire(public: bool) -> WireFormatPolicy {
    if public {
        MIXED_PLAINTEXT_WIRE_FORMAT_POLICY
    } else {
        MIXED_CIPHERTEXT_WIRE_FORMAT_POLICY
    }
}

fn ratchet() -> SenderRatchetConfiguration {
    SenderRatchetConfiguration::new(50, 200)
}

fn join_config(public: bool) -> MlsGroupJoinConfig {
    MlsGroupJoinConfig::builder()
        .wire_format_policy(wire(public))
        .max_past_epochs(5)
        .number_of_resumption_psks(16)
        .use_ratchet_tree_extension(true)
        .sender_ratchet_configuration(ratchet())
        .build()
}

impl Member {
    /// How the next proposal or commit goes out is a setting of the group.
    fn set_wire(&mut self, q: &Value) -> Answer<()> {
        let config = join_config(flag(q, "public"));
        self.group
            .set_configuration(self.client.provider.storage(), &config)
            .told()
    }

    fn psk_id(&self, p: &Value) -> Answer<PreSharedKeyId> {
        let suite = self.group.ciphersuite();
        let nonce = self
            .client
            .provider
            .rand()
            .random_vec(suite.hash_length())
            .told()?;
        if !flag(p, "resumption") {
            return Ok(PreSharedKeyId::external(bytes(p, "psk_id"), nonce));
        }
        let epoch = GroupEpoch::from(number(p, "epoch"));
        let group_id = self.group.group_id().clone();
        Ok(PreSharedKeyId::resumption(
            ResumptionPskUsage::Application,
            group_id,
            epoch,
            nonce,
        ))
    }

    fn propose(&mut self, q: &Value) -> Answer {
        self.set_wire(q)?;
        let what = match q["type"].as_str().unwrap_or_default() {
            "add" => Propose::Add(key_package(&self.client.provider, &q["key_package"])?),
            "remove" => Propose::Remove(number(q, "leaf") as u32),
            "update" => Propose::Update(LeafNodeParameters::default()),
            "psk" => Propose::PreSharedKey(self.psk_id(q)?),
            "group_context_extensions" => Propose::GroupContextExtensions(extensions(q)?),
            other => panic!("no proposal {other}"),
        };
        let Client {
            provider, signer, ..
        } = &self.client;
        let by = ProposalOrRefType::Reference;
        let (message, _) = self
            .group
            .propose(&**provider, &**signer, what, by)
            .told()?;
        Ok(json!({"message": hex::encode(message.to_bytes().told()?)}))
    }

    fn commit(&mut self, q: &Value) -> Answer {
        self.set_wire(q)?;
        let mut adds = Vec::new();
        for one in list(q, "adds") {
            adds.push(key_package(&self.client.provider, one)?);
        }
        let removes: Vec<_> = list(q, "removes")
            .iter()
            .map(|l| LeafNodeIndex::new(l.as_u64().unwrap_or(0) as u32))
            .collect();
        let mut proposals = Vec::new();
        let mut new_extensions = None;
        for p in list(q, "proposals") {
            match p["type"].as_str().unwrap_or_default() {
                "psk" => proposals.push(Proposal::PreSharedKey(Box::new(
                    PreSharedKeyProposal::new(self.psk_id(p)?),
                ))),
                "group_context_extensions" => new_extensions = Some(extensions(p)?),
                other => panic!("no proposal {other}"),
            }
        }
        let Client {
            provider, signer, ..
        } = self.client.clone();
        let mut builder = self
            .group
            .commit_builder()
            .consume_proposal_store(!flag(q, "without_pending"))
            .propose_adds(adds)
            .propose_removals(removes)
            .add_proposals(proposals);
        if let Some(list) = new_extensions {
            builder = builder.propose_group_context_extensions(list).told()?;
        }
        let made = builder
            .load_psks(provider.storage())
            .told()?
            .use_ratchet_tree_extension(flag(q, "tree_in_welcome"))
            .create_group_info(true)
            .build(provider.rand(), provider.crypto(), &*signer, |_| true)
            .told()?
            .stage_commit(&*provider)
            .told()?;
        let mut welcomes = Vec::new();
        if let Some(welcome) = made.to_welcome_msg() {
            welcomes.push(hex::encode(welcome.to_bytes().told()?));
        }
        if flag(q, "apply") {
            self.group.merge_pending_commit(&*provider).told()?;
        } else {
            self.group.clear_pending_commit(provider.storage()).told()?;
        }
        let commit = hex::encode(made.commit().to_bytes().told()?);
        Ok(json!({"commit": commit, "welcomes": welcomes}))
    }

    fn process(&mut self, q: &Value) -> Answer {
        let message = MlsMessageIn::tls_deserialize_exact(&bytes(q, "message")).told()?;
        let message = message.try_into_protocol_message().told()?;
        let provider = self.client.provider.clone();
        let processed = self.group.process_message(&*provider, message).told()?;
        let authenticated_data = hex::encode(processed.aad());
        match processed.into_content() {
            ProcessedMessageContent::ApplicationMessage(m) => {
                let plain = hex::encode(m.into_bytes());
                return Ok(json!({"plain": plain, "authenticated_data": authenticated_data}));
            }
            ProcessedMessageContent::ProposalMessage(p)
            | ProcessedMessageContent::ExternalJoinProposalMessage(p) => {
                self.group
                    .store_pending_proposal(provider.storage(), *p)
                    .told()?;
            }
            ProcessedMessageContent::StagedCommitMessage(c) => {
                self.group.merge_staged_commit(&*provider, *c).told()?;
            }
            #[allow(unreachable_patterns)]
            _ => return Err("what is this message?".into()),
        }
        Ok(json!({}))
    }

    fn state(&self) -> Answer {
        let group = &self.group;
        let context = group.public_group().group_context();
        let mut answer = json!({
            "epoch": group.epoch().as_u64(),
            "group_id": hex::encode(group.group_id().as_slice()),
            "tree_hash": hex::encode(context.tree_hash()),
            "confirmed_transcript_hash": hex::encode(context.confirmed_transcript_hash()),
            "is_out": !group.is_active(),
        });
        if group.is_active() {
            let exported = group
                .export_secret(self.client.provider.crypto(), "state", &[], 32)
                .told()?;
            answer["exporter"] = hex::encode(exported).into();
            answer["epoch_authenticator"] =
                hex::encode(group.epoch_authenticator().as_slice()).into();
        }
        Ok(answer)
    }

    fn protect(&mut self, q: &Value) -> Answer {
        let Client {
            provider, signer, ..
        } = &self.client;
        let plain = bytes(q, "plain");
        self.group.set_aad(bytes(q, "authenticated_data"));
        let message = self
            .group
            .create_message(&**provider, &**signer, &plain)
            .told()?;
        Ok(json!({"message": hex::encode(message.to_bytes().told()?)}))
    }

    fn group_info(&self, q: &Value) -> Answer {
        let Client {
            provider, signer, ..
        } = &self.client;
        let info = self
            .group
            .export_group_info(provider.crypto(), &**signer, flag(q, "tree"))
            .told()?;
        Ok(json!({"group_info": hex::encode(info.to_bytes().told()?)}))
    }

    fn tree(&self) -> Answer {
        let tree = self
            .group
            .export_ratchet_tree()
            .tls_serialize_detached()
            .told()?;
        Ok(json!({"tree": hex::encode(tree)}))
    }
}

impl Peer {
    fn keep(&mut self, object: Object) -> usize {
        self.objects.push(object);
        self.objects.len()
    }

    fn keep_group(&mut self, client: Client, group: MlsGroup) -> Value {
        let own_leaf = group.own_leaf_index().u32();
        let epoch = group.epoch().as_u64();
        let handle = self.keep(Object::Group(Box::new(Member { client, group })));
        json!({"group": handle, "own_leaf": own_leaf, "epoch": epoch})
    }

    fn group(&mut self, q: &Value) -> &mut Member {
        let handle = number(q, "group") as usize;
        match self.objects.get_mut(handle.wrapping_sub(1)) {
            Some(Object::Group(member)) => member,
            _ => panic!("no such group"),
        }
    }

    fn signature_keys(&mut self, q: &Value) -> Answer {
        let keys = SignatureKeyPair::new(suite(q)?.signature_algorithm()).told()?;
        let public = hex::encode(keys.public());
        self.keys.insert(public.clone(), Rc::new(keys));
        // The private key stays here, and is found by the public one.
        Ok(json!({"signature_pub": public, "signature_priv": ""}))
    }

    fn client(&mut self, q: &Value) -> Answer<Client> {
        let public = q["signature_pub"].as_str().unwrap_or_default();
        let signer = self.keys.get(public).expect("keys").clone();
        let provider = Rc::new(OpenMlsRustCrypto::default());
        for (id, psk) in &self.psks {
            PreSharedKeyId::external(id.clone(), vec![])
                .store(&*provider, psk)
                .told()?;
        }
        self.providers.push(provider.clone());
        let credential = CredentialWithKey {
            credential: BasicCredential::new(bytes(q, "identity")).into(),
            signature_key: signer.public().into(),
        };
        let supported: Vec<_> = list(q, "supported_extensions")
            .iter()
            .map(|n| ExtensionType::from(n.as_u64().unwrap_or(0) as u16))
            .collect();
        let capabilities = Capabilities::new(None, None, Some(&supported), None, None);
        Ok(Client {
            provider,
            signer,
            credential,
            capabilities,
        })
    }

    fn key_package(&mut self, q: &Value) -> Answer {
        let suite = suite(q)?;
        let client = self.client(q)?;
        let made = KeyPackage::builder()
            .leaf_node_capabilities(client.capabilities.clone())
            .build(
                suite,
                &*client.provider,
                &*client.signer,
                client.credential.clone(),
            )
            .told()?;
        let message = MlsMessageOut::from(made.key_package().clone())
            .to_bytes()
            .told()?;
        let handle = self.keep(Object::KeyPackage(client));
        Ok(json!({"handle": handle, "key_package": hex::encode(message)}))
    }

    fn psk(&mut self, q: &Value) -> Answer {
        let (id, psk) = (bytes(q, "psk_id"), bytes(q, "psk"));
        for provider in &self.providers {
            PreSharedKeyId::external(id.clone(), vec![])
                .store(&**provider, &psk)
                .told()?;
        }
        self.psks.push((id, psk));
        Ok(json!({}))
    }

    fn create(&mut self, q: &Value) -> Answer {
        let client = self.client(q)?;
        let config = MlsGroupCreateConfig::builder()
            .ciphersuite(suite(q)?)
            .wire_format_policy(wire(false))
            .max_past_epochs(5)
            .number_of_resumption_psks(16)
            .use_ratchet_tree_extension(true)
            .sender_ratchet_configuration(ratchet())
            .capabilities(client.capabilities.clone())
            .with_group_context_extensions(extensions(q)?)
            .build();
        let id = GroupId::from_slice(&bytes(q, "group_id"));
        let group = MlsGroup::new_with_group_id(
            &*client.provider,
            &*client.signer,
            &config,
            id,
            client.credential.clone(),
        )
        .told()?;
        Ok(self.keep_group(client, group))
    }

    fn join(&mut self, q: &Value) -> Answer {
        let handle = number(q, "key_package") as usize;
        let taken = self
            .objects
            .get_mut(handle.wrapping_sub(1))
            .expect("a key package");
        let Object::KeyPackage(client) = std::mem::replace(taken, Object::Nothing) else {
            panic!("not a key package");
        };
        let MlsMessageBodyIn::Welcome(welcome) = body(&bytes(q, "welcome"))? else {
            return Err("not a Welcome".into());
        };
        let config = join_config(false);
        let mut builder = StagedWelcome::build_from_welcome(&*client.provider, &config, welcome)
            .told()?
            .skip_lifetime_validation();
        if let Some(tree) = tree(q)? {
            builder = builder.with_ratchet_tree(tree);
        }
        let group = builder
            .build()
            .told()?
            .into_group(&*client.provider)
            .told()?;
        Ok(self.keep_group(client, group))
    }

    fn external_join(&mut self, q: &Value) -> Answer {
        let client = self.client(q)?;
        let MlsMessageBodyIn::GroupInfo(info) = body(&bytes(q, "group_info"))? else {
            return Err("not a GroupInfo".into());
        };
        let mut builder = MlsGroup::external_commit_builder()
            .with_config(join_config(false))
            .skip_lifetime_validation();
        if let Some(tree) = tree(q)? {
            builder = builder.with_ratchet_tree(tree);
        }
        let leaf = LeafNodeParameters::builder()
            .with_capabilities(client.capabilities.clone())
            .build();
        let provider = client.provider.clone();
        let mut psks = Vec::new();
        for id in list(q, "psk_ids") {
            let id = decode(id);
            let nonce = provider
                .rand()
                .random_vec(info.ciphersuite().hash_length())
                .told()?;
            psks.push(PreSharedKeyProposal::new(PreSharedKeyId::external(
                id, nonce,
            )));
        }
        let (group, made) = builder
            .build_group(&*provider, info, client.credential.clone())
            .told()?
            .add_psk_proposals(psks)
            .leaf_node_parameters(leaf)
            .load_psks(provider.storage())
            .told()?
            .build(provider.rand(), provider.crypto(), &*client.signer, |_| {
                true
            })
            .told()?
            .finalize(&*provider)
            .told()?;
        let commit = hex::encode(made.commit().to_bytes().told()?);
        let mut answer = self.keep_group(client, group);
        answer["commit"] = commit.into();
        Ok(answer)
    }

    fn outsider_propose(&mut self, q: &Value) -> Answer {
        let id = GroupId::from_slice(&bytes(q, "group_id"));
        let epoch = GroupEpoch::from(number(q, "epoch"));
        let p = &q["proposal"];
        type Provider = OpenMlsRustCrypto;
        type Storage = <Provider as OpenMlsProvider>::StorageProvider;
        let message = if let Some(handle) = q["handle"].as_u64() {
            let Some(Object::KeyPackage(client)) = self.objects.get(handle as usize - 1) else {
                panic!("not a key package");
            };
            let own = key_package(&client.provider, &p["key_package"])?;
            JoinProposal::new::<Storage>(own, id, epoch, &*client.signer).told()?
        } else {
            let signer = &**self
                .keys
                .get(q["signature_pub"].as_str().unwrap_or_default())
                .expect("keys");
            let place = SenderExtensionIndex::new(number(q, "place") as u32);
            if p["type"] == "add" {
                let kp = key_package(&Provider::default(), &p["key_package"])?;
                ExternalProposal::new_add::<Provider>(kp, id, epoch, signer, place).told()?
            } else {
                let leaf = LeafNodeIndex::new(number(p, "leaf") as u32);
                ExternalProposal::new_remove::<Provider>(leaf, id, epoch, signer, place).told()?
            }
        };
        Ok(json!({"message": hex::encode(message.to_bytes().told()?)}))
    }

    fn answer(&mut self, q: &Value) -> Answer {
        match q["cmd"].as_str().unwrap_or_default() {
            "signature_keys" => self.signature_keys(q),
            "key_package" => self.key_package(q),
            "psk" => self.psk(q),
            "outsider_propose" => self.outsider_propose(q),
            "create" => self.create(q),
            "join" => self.join(q),
            "external_join" => self.external_join(q),
            "propose" => self.group(q).propose(q),
            "commit" => self.group(q).commit(q),
            "process" | "unprotect" => self.group(q).process(q),
            "protect" => self.group(q).protect(q),
            "state" => self.group(q).state(),
            "group_info" => self.group(q).group_info(q),
            "tree" => self.group(q).tree(),
            other => panic!("no command {other}"),
        }
    }
}

fn main() {
    let mut peer = Peer::default();
    for line in std::io::stdin().lock().lines() {
        let q: Value = serde_json::from_str(&line.expect("a line")).expect("JSON");
        let answer = match peer.answer(&q) {
            Ok(mut answer) => {
                answer["ok"] = true.into();
                answer
            }
            // What OpenMLS calls so is a fault of its own.
            Err(text) if text.contains("LibraryError") => json!({"error": "BUG", "text": text}),
            Err(text) => json!({"error": "OPENMLS", "text": text}),
        };
        println!("{answer}");
        std::io::stdout().flush().expect("somebody who reads");
    }
}
