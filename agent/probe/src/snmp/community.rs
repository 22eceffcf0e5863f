//! Requests by version 1 and 2c, as bytes, and what answers to them say.

use herkomst_ids::Oid;
use herkomst_wire::snmp::{CommunityMessage, PduKind, Version, emit_get, emit_get_bulk};
use zeroize::Zeroizing;

use super::credentials::Login;
use super::exchange::{Operation, Request, Response, response};

/// The version and the community of a login that has one, in the context of this VLAN.
fn community(login: &Login, vlan: Option<u16>) -> Option<(Version, Zeroizing<Vec<u8>>)> {
    let (version, secret) = match login {
        Login::V1(secret) => (Version::V1, secret),
        Login::V2c(secret) => (Version::V2c, secret),
        Login::V3(_) => return None,
    };
    let mut octets = Zeroizing::new(secret.expose().to_vec());
    if let Some(vlan) = vlan {
        octets.extend_from_slice(format!("@{vlan}").as_bytes());
    }
    Some((version, octets))
}

/// Writes a request in the place of what is in `bytes`; `false` for a login without a community.
pub(super) fn emit(bytes: &mut Vec<u8>, login: &Login, request: &Request, id: i32) -> bool {
    let Some((version, community)) = community(login, request.vlan) else { return false };
    bytes.clear();
    let get = |bytes: &mut Vec<u8>, kind, oids: &[Oid]| {
        emit_get(bytes, version, &community, kind, id, oids);
    };
    match (request.operation, version) {
        (Operation::Get, _) => get(bytes, PduKind::Get, &request.oids),
        // RFC 1157 has no GetBulk.
        (Operation::Next, _) | (Operation::Bulk { .. }, Version::V1) => {
            get(bytes, PduKind::GetNext, &request.oids);
        }
        (Operation::Bulk { repetitions }, Version::V2c) => {
            emit_get_bulk(bytes, &community, id, 0, repetitions, &request.oids);
        }
    }
    true
}

/// Reads the answer to a request in the context of this VLAN; the error says in which way it is none.
pub(super) fn read(
    bytes: &[u8],
    login: &Login,
    vlan: Option<u16>,
    is_ours: impl Fn(i32) -> bool,
) -> Result<Response, String> {
    let message = CommunityMessage::parse(bytes).map_err(|error| error.to_string())?;
    let (version, community) = community(login, vlan).ok_or("a user is asking")?;
    if !is_ours(message.pdu.request_id) {
        return Err("answer carries another request id than was sent".to_owned());
    }
    if message.version != version || message.community != community.as_slice() {
        return Err("answer carries another version or community than was sent".to_owned());
    }
    if message.pdu.kind != PduKind::Response {
        return Err("answer is no Response PDU".to_owned());
    }
    response(&message.pdu).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::super::credentials::Secret;
    use super::*;

    fn request(operation: Operation, vlan: Option<u16>) -> Request {
        Request { operation, oids: vec!["1.3.6.1.2.1.1.1.0".parse().unwrap()], vlan }
    }

    fn written(login: &Login, request: &Request) -> (PduKind, Vec<u8>, (i32, i32)) {
        let mut bytes = vec![1, 2, 3];
        assert!(emit(&mut bytes, login, request, 7));
        let message = CommunityMessage::parse(&bytes).unwrap();
        let head = (message.pdu.error_status, message.pdu.error_index);
        (message.pdu.kind, message.community.to_vec(), head)
    }

    #[test]
    fn each_operation_is_its_pdu_and_version_1_has_no_bulk() {
        let (v1, v2c) = (Login::V1(Secret::new(*b"ro")), Login::V2c(Secret::new(*b"ro")));
        let bulk = request(Operation::Bulk { repetitions: 12 }, None);
        assert_eq!(written(&v2c, &bulk), (PduKind::GetBulk, b"ro".to_vec(), (0, 12)));
        assert_eq!(written(&v1, &bulk).0, PduKind::GetNext);
        assert_eq!(written(&v2c, &request(Operation::Next, None)).0, PduKind::GetNext);
        assert_eq!(written(&v1, &request(Operation::Get, None)).0, PduKind::Get);
    }

    #[test]
    fn a_vlan_is_asked_in_its_own_context() {
        let v2c = Login::V2c(Secret::new(*b"ro"));
        assert_eq!(written(&v2c, &request(Operation::Next, Some(40))).1, b"ro@40");
    }

    #[test]
    fn an_answer_from_another_context_is_none() {
        let v2c = Login::V2c(Secret::new(*b"ro"));
        let mut bytes = vec![];
        herkomst_wire::snmp::emit_response(&mut bytes, Version::V2c, b"ro@40", 7, 0, 0, &[]);
        assert!(read(&bytes, &v2c, Some(40), |id| id == 7).is_ok());
        assert!(read(&bytes, &v2c, Some(41), |id| id == 7).is_err());
        assert!(read(&bytes, &v2c, None, |id| id == 7).is_err());
        assert!(read(&bytes, &v2c, Some(40), |id| id == 8).is_err());
    }
}
